// A TCP proxy for one directed link between two nodes, which does to it what a `LinkBehaviour`
// says. It stands where the kernel has no traffic control; what it passes on, it passes on in
// order, with the back pressure and the ends of both sides.
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { LinkBehaviour, LinkCounts } from './link-behaviour.ts'

export interface LinkProxyOptions {
  readonly listen: { readonly host: string; readonly port: number }
  readonly target: { readonly host: string; readonly port: number }
  /** Address to dial from; default: the system's choice. */
  readonly source?: string
  readonly behaviour: LinkBehaviour
}

type Counts = { -readonly [Field in keyof LinkCounts]: number }

export class LinkProxy {
  readonly counts: Counts = { connections: 0, bytes: 0, flippedBits: 0, resets: 0, replays: 0 }
  readonly #options: LinkProxyOptions
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** For how many reasons a socket is not read at the moment. */
  readonly #held = new WeakMap<Socket, number>()

  constructor(options: LinkProxyOptions) {
    this.#options = options
    this.#server = createServer({ allowHalfOpen: true }, (dialler) => this.#serve(dialler))
  }

  /** Resolves to the port once it listens. */
  listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.listen, () => {
        const address = this.#server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      })
    })
  }

  /** Resets every connection and ends. */
  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    for (const socket of this.#sockets) socket.resetAndDestroy()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #serve(dialler: Socket): void {
    const { behaviour } = this.#options
    this.counts.connections += 1
    const target = this.#dial()
    this.#watch(dialler, target)
    this.#watch(target, dialler)
    this.#carry(dialler, target, true)
    this.#carry(target, dialler, false)
    if (behaviour.kind === 'reset') {
      this.#later(behaviour.afterMs, () => {
        this.counts.resets += 1
        dialler.resetAndDestroy()
      })
    }
  }

  #dial(): Socket {
    const { target, source } = this.#options
    const from = source === undefined ? {} : { localAddress: source }
    return connect({ ...target, ...from, allowHalfOpen: true })
  }

  /** One side's end is the other's, as it came: a reset is passed on as a reset. */
  #watch(socket: Socket, other: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.once('end', () => this.#in(() => other.end()))
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (!other.destroyed && !socket.readableEnded) other.resetAndDestroy()
    })
  }

  #carry(from: Socket, to: Socket, isOutward: boolean): void {
    const { behaviour } = this.#options
    const since = performance.now()
    const first: Buffer[] = []
    let carried = 0
    from.on('data', (chunk: Buffer) => {
      if (behaviour.kind === 'half-open' && performance.now() - since >= behaviour.afterMs) return
      const start = carried
      carried += chunk.length
      this.counts.bytes += chunk.length
      if (isOutward && behaviour.kind === 'corrupt') this.#flip(chunk, start, behaviour.everyBytes)
      if (isOutward && behaviour.kind === 'replay' && start < behaviour.bytesMax) {
        first.push(Buffer.from(chunk))
        if (carried >= behaviour.bytesMax) this.#replay(first)
      }
      this.#in(() => this.#write(from, to, chunk))
      if (behaviour.kind === 'slow') {
        const pauseMs = (chunk.length / behaviour.bytesPerSecond) * 1_000
        this.#later(pauseMs, this.#hold(from))
      }
    })
  }

  #write(from: Socket, to: Socket, chunk: Buffer): void {
    if (to.destroyed || !to.writable || to.write(chunk)) return
    to.once('drain', this.#hold(from))
  }

  /** Reads no more of a socket. What is returned ends that, unless another reason is left. */
  #hold(socket: Socket): () => void {
    socket.pause()
    this.#held.set(socket, (this.#held.get(socket) ?? 0) + 1)
    return () => {
      const left = (this.#held.get(socket) ?? 1) - 1
      this.#held.set(socket, left)
      if (left === 0) socket.resume()
    }
  }

  /** Flips the lowest bit of every byte whose place in the stream is a multiple. */
  #flip(chunk: Buffer, start: number, everyBytes: number): void {
    for (let at = everyBytes - (start % everyBytes) - 1; at < chunk.length; at += everyBytes) {
      chunk[at] = (chunk[at] ?? 0) ^ 1
      this.counts.flippedBits += 1
    }
  }

  #replay(first: readonly Buffer[]): void {
    this.counts.replays += 1
    const twin = this.#dial()
    this.#sockets.add(twin)
    twin.on('error', () => {})
    twin.once('close', () => this.#sockets.delete(twin))
    twin.resume()
    twin.end(Buffer.concat(first))
  }

  /** Now, or after the delay of the link. */
  #in(act: () => void): void {
    const { behaviour } = this.#options
    if (behaviour.kind === 'delay') this.#later(behaviour.delayMs, act)
    else act()
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, delayMs)
    this.#timers.add(timer)
  }
}
