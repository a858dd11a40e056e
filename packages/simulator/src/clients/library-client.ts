// A client of the simulated world that is the client library itself, above the dial function and
// the platform: its sockets, clock, timers and chance are the world's. It uses promises; after each
// event that may leave some, the world waits until they have settled.
import type { Connection } from '@holdfast/client'
import { connectWith, type Dial, type Platform, resolveOptions } from '@holdfast/client/embedded'
import { Random } from '@holdfast/testkit'
import type { Disturbed } from '../faults/client-faults.ts'
import type { ClientSocket } from '../world/client-sockets.ts'
import type { World } from '../world/world.ts'
import { heartbeatMs } from './heartbeat.ts'

/** A dialled address at which nobody answers is given up after this. */
const refusedMs = 5

export abstract class LibraryClient implements Disturbed {
  abstract readonly role: 'publisher' | 'consumer'
  readonly world: World
  readonly name: string
  protected readonly random: Random
  protected connection: Connection | null = null
  readonly #sockets = new Set<ClientSocket>()
  /** Grows with each life; what an earlier one set going finds that it is over. */
  #life = 0
  isStopped = false

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    this.random = world.random.split(`library ${name}`)
    world.clients.push(this)
    this.#begin()
  }

  /** A connection stands. */
  protected abstract opened(connection: Connection): void

  /** Connection and all it knew are gone. */
  protected abstract died(): void

  crash(): void {
    this.#life += 1
    this.connection = null
    for (const socket of [...this.#sockets]) this.world.network.clients.hangUp(socket)
    this.#sockets.clear()
    this.died()
    if (!this.isStopped) this.#begin()
  }

  hangUp(): void {
    for (const socket of [...this.#sockets]) this.world.network.clients.reset(socket)
  }

  slowDown(_factor: number): void {}

  stop(): void {
    this.isStopped = true
    this.crash()
  }

  /** Runs something of the library, whose promises must settle before anything else happens. */
  protected act(run: () => void): void {
    run()
    this.world.schedule.unsettled()
  }

  #begin(): void {
    const life = this.#life
    const platform = this.#platform(life)
    const options = resolveOptions({
      name: this.name,
      heartbeatMs: heartbeatMs(this.world),
      publishTimeoutMs: 86_400_000
    })
    this.world.schedule.after(this.random.integer(1, 40), () => {
      const addresses = this.world.hosts
        .filter(({ isThere }) => isThere)
        .map(({ address }) => address)
      this.act(() => {
        connectWith(this.#dial(life), addresses, options, platform).then(
          (connection) => {
            if (life !== this.#life) return
            this.connection = connection
            this.opened(connection)
          },
          () => {
            // No node was reached in its time: somebody starts the program again.
            if (life === this.#life && !this.isStopped) this.#begin()
          }
        )
      })
    })
  }

  #platform(life: number): Platform {
    const { schedule } = this.world
    const random = new Random(this.random.next())
    const guarded = (run: () => void) => (): void => {
      if (life === this.#life) this.act(run)
    }
    return {
      nowMs: () => schedule.nowMs,
      wallMs: () => schedule.nowMs,
      randomBytes: (length) => random.bytes(length),
      randomPart: () => random.fraction(),
      after: (delayMs, run) => {
        let isCancelled = false
        schedule.after(
          Math.ceil(delayMs),
          guarded(() => (isCancelled ? undefined : run()))
        )
        return () => {
          isCancelled = true
        }
      },
      every: (periodMs, run) => {
        let isCancelled = false
        const next = (): void => {
          if (isCancelled) return
          run()
          schedule.after(periodMs, guarded(next))
        }
        schedule.after(periodMs, guarded(next))
        return () => {
          isCancelled = true
        }
      },
      endOfTurn: (run) => schedule.after(0, guarded(run))
    }
  }

  #dial(life: number): Dial {
    return (address, handlers) => {
      const { schedule, network } = this.world
      const heard = (run: () => void): void => {
        if (life === this.#life) this.act(run)
      }
      const host = this.world.hostAt(address)
      const wire = {
        bytes: (bytes: Uint8Array): void => heard(() => handlers.received(bytes)),
        closed: (): void => {
          if (socket !== null) this.#sockets.delete(socket)
          heard(() => handlers.closed('the other side closed it'))
        }
      }
      const socket = host === undefined ? null : network.clients.connect(host, wire)
      if (socket === null) {
        schedule.after(refusedMs, () => heard(() => handlers.closed('refused')))
        return { send: () => undefined, end: () => undefined, destroy: () => undefined }
      }
      this.#sockets.add(socket)
      schedule.after(1, () => heard(() => handlers.opened()))
      const close = (): void => {
        this.#sockets.delete(socket)
        network.clients.hangUp(socket)
        schedule.after(0, () => heard(() => handlers.closed('closed on this side')))
      }
      return {
        send: (chunks) => {
          const bytes = new Uint8Array(Buffer.concat(chunks))
          network.clients.toServer(socket, bytes)
        },
        end: close,
        destroy: close
      }
    }
  }
}
