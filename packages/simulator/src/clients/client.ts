// A client of the simulated world: the real connection machine of the protocol on a simulated
// socket, which connects again whenever it is cut off.
import type { WireError } from '@holdfast/errors'
import { ClientConnection, type ClientEvent, type ClientRequest } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import type { Disturbed } from '../faults/client-faults.ts'
import type { ClientSocket } from '../world/client-sockets.ts'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import { heartbeatMs } from './heartbeat.ts'

export type Answer = (error: WireError | null, result: unknown) => void

const reconnectMs = 200

export abstract class Client implements Disturbed {
  readonly world: World
  readonly name: string
  abstract readonly role: Disturbed['role']
  protected readonly random: Random
  protected producer: Uint8Array
  protected epoch = 1
  protected connection: ClientConnection | null = null
  #socket: ClientSocket | null = null
  readonly #requests = new Map<number, Answer>()
  #isConnecting = false
  #lastHost: Host | null = null
  isStopped = false
  vhost = '/'
  /** Null: guest. */
  protected credentials: { readonly user: string; readonly password: string } | null = null

  constructor(world: World, name: string) {
    this.world = world
    this.name = name
    this.random = world.random.split(`client ${name}`)
    this.producer = this.random.bytes(16)
    world.clients.push(this)
    this.reconnect()
    this.#tick()
  }

  /** The host to connect to; null: none for now. */
  protected abstract choose(): Host | null

  protected abstract opened(credit: number): void

  protected abstract event(event: ClientEvent): void

  protected abstract lost(): void

  get isOpen(): boolean {
    return this.connection?.isOpen === true
  }

  protected request(request: ClientRequest, answer: Answer): void {
    const { connection } = this
    if (connection === null) return
    this.#requests.set(connection.request(request), answer)
    this.pump()
  }

  /** Sends what the connection holds. */
  protected pump(): void {
    const chunks = this.connection?.flush(this.world.schedule.nowMs) ?? []
    if (this.#socket === null) return
    for (const chunk of chunks)
      this.world.network.clients.toServer(this.#socket, new Uint8Array(chunk))
  }

  /** Hangs up, and connects again after a while. */
  reconnect(): void {
    this.#drop()
    if (this.#isConnecting || this.isStopped) return
    this.#isConnecting = true
    this.world.schedule.after(this.random.integer(1, reconnectMs), () => {
      this.#isConnecting = false
      if (!this.isStopped && this.connection === null) this.#connect()
    })
  }

  crash(): void {
    this.reconnect()
  }

  hangUp(): void {
    this.reconnect()
  }

  slowDown(_factor: number): void {}

  stop(): void {
    this.isStopped = true
    this.world.clients.splice(this.world.clients.indexOf(this), 1)
    this.#drop()
  }

  #drop(): void {
    if (this.#socket !== null) this.world.network.clients.hangUp(this.#socket)
    this.#socket = null
    const wasThere = this.connection !== null
    this.connection = null
    this.#requests.clear()
    if (wasThere) this.lost()
  }

  #connect(): void {
    const host = this.choose()
    if (host === null) return this.reconnect()
    if (this.#lastHost !== null && host !== this.#lastHost) this.world.struck('elsewhere')
    this.#lastHost = host
    const { nowMs } = this.world.schedule
    const { producer, epoch, name } = this
    const fields = {
      producer,
      epoch,
      name,
      vhost: this.vhost,
      heartbeatMs: heartbeatMs(this.world)
    }
    const hello = { ...fields, ...this.credentials }
    const connection = new ClientConnection({ nowMs, hello, handshakeTimeoutMs: 1000 })
    this.connection = connection
    this.#socket = this.world.network.clients.connect(host, {
      bytes: (bytes) => {
        if (this.connection !== connection) return
        this.#take(connection, connection.receive(bytes, this.world.schedule.nowMs))
      },
      closed: () => {
        if (this.connection === connection) this.reconnect()
      }
    })
    if (this.#socket === null) return this.reconnect()
    this.pump()
  }

  #tick(): void {
    this.world.schedule.after(heartbeatMs(this.world) / 4, () => {
      const { connection } = this
      if (connection !== null) this.#take(connection, connection.tick(this.world.schedule.nowMs))
      if (!this.isStopped) this.#tick()
    })
  }

  /** A request has one answer. */
  #answered(id: number, error: WireError | null, result: unknown): void {
    const answer = this.#requests.get(id)
    if (answer === undefined) {
      return this.world.fail(`${this.name}: an answer to request ${id}, which waits for none`)
    }
    this.#requests.delete(id)
    answer(error, result)
  }

  #take(connection: ClientConnection, events: readonly ClientEvent[]): void {
    for (const event of events) {
      if (this.connection !== connection) return
      if (event.type === 'welcome') this.opened(event.credit)
      else if (event.type === 'response') {
        this.#answered(event.requestId, event.error, event.result)
      } else if (event.type === 'closed') {
        const code = event.error?.code
        if (code !== undefined && !harmless.has(code)) {
          this.world.fail(
            `${this.name}: closed with ${code} ${JSON.stringify(event.error?.details)}`
          )
        }
        return this.reconnect()
      } else this.event(event)
    }
    this.pump()
  }
}

const harmless: ReadonlySet<string> = new Set([
  'HEARTBEAT_MISSED',
  'HANDSHAKE_TIMEOUT',
  'NODE_CUT_OFF',
  'UNAVAILABLE'
])
