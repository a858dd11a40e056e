// Sockets of clients in the simulated world. A cut between the clients and a host keeps what is
// under way; each side finds out by the heartbeats that do not come.
import type { ClientProtocol } from '@holdfast/cluster'
import type { Host } from './host.ts'
import { clientsPlace } from './paths.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

/** What a client sees of its socket. */
export interface ClientWire {
  readonly bytes: (bytes: Uint8Array) => void
  readonly closed: () => void
}

export interface ClientSocket {
  readonly id: number
  readonly process: Process
  readonly wire: ClientWire
  isOpen: boolean
  toServerMs: number
  toClientMs: number
  /** Sent to the client since its node last heard that the socket has drained. */
  undrainedBytes: number
  /** What a cut keeps, with the direction it goes in. */
  readonly stalled: { readonly isToServer: boolean; readonly bytes: Uint8Array }[]
}

/** Of the bytes after which a real node hears of it, so few that it happens in short runs too. */
const drainedReportBytes = 8 * 1024

export class ClientSockets {
  readonly #world: World
  readonly #sockets = new Map<number, ClientSocket>()
  #lastId = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Null: nobody answers there. */
  connect(host: Host, wire: ClientWire, protocol: ClientProtocol = 'native'): ClientSocket | null {
    const { process } = host
    const { paths } = this.#world.network
    if (process === null || !paths.canTalk(clientsPlace, host.number)) return null
    this.#lastId += 1
    const { nowMs } = this.#world.schedule
    const times = { toServerMs: nowMs, toClientMs: nowMs }
    const blank = { isOpen: true, undrainedBytes: 0, stalled: [] }
    const socket: ClientSocket = { id: this.#lastId, process, wire, ...times, ...blank }
    this.#sockets.set(socket.id, socket)
    process.input({
      type: 'client-up',
      connection: socket.id,
      protocol,
      remote: '127.0.0.1:1',
      certificateName: null
    })
    return socket
  }

  toServer(socket: ClientSocket, bytes: Uint8Array): void {
    const { schedule, network } = this.#world
    const { number } = socket.process.host
    if (socket.stalled.length > 0 || network.paths.isCut(clientsPlace, number)) {
      socket.stalled.push({ isToServer: true, bytes })
      return
    }
    const { nowMs } = schedule
    const arrivalMs = network.paths.arrivalMs(clientsPlace, number, bytes.length, nowMs)
    socket.toServerMs = Math.max(socket.toServerMs, arrivalMs)
    schedule.after(socket.toServerMs - nowMs, () => {
      if (!socket.isOpen) return
      socket.process.input({ type: 'client-bytes', connection: socket.id, bytes })
    })
  }

  toClient(process: Process, id: number, bytes: Uint8Array): void {
    const socket = this.#socket(process, id)
    if (socket === undefined) return
    const { schedule, network } = this.#world
    const isCut = network.paths.isCut(process.host.number, clientsPlace)
    if (isCut || socket.stalled.length > 0) {
      socket.stalled.push({ isToServer: false, bytes })
      return
    }
    const { nowMs } = schedule
    const { number } = process.host
    const arrivalMs = network.paths.arrivalMs(number, clientsPlace, bytes.length, nowMs)
    socket.toClientMs = Math.max(socket.toClientMs, arrivalMs)
    schedule.after(socket.toClientMs - nowMs, () => {
      if (!socket.isOpen) return
      socket.wire.bytes(bytes)
      socket.undrainedBytes += bytes.length
      if (socket.undrainedBytes < drainedReportBytes) return
      socket.undrainedBytes = 0
      process.input({ type: 'client-drained', connection: id, bytes: 0 })
    })
  }

  /** Carries on what a cut kept that is no more. */
  release(): void {
    for (const socket of this.#sockets.values()) {
      for (const { isToServer, bytes } of socket.stalled.splice(0)) {
        if (isToServer) this.toServer(socket, bytes)
        else this.toClient(socket.process, socket.id, bytes)
      }
    }
  }

  #socket(process: Process, id: number): ClientSocket | undefined {
    const socket = this.#sockets.get(id)
    return socket?.process === process ? socket : undefined
  }

  /** The node closes it, behind what it has sent. */
  close(process: Process, id: number): void {
    const socket = this.#socket(process, id)
    if (socket === undefined) return
    const { schedule } = this.#world
    schedule.after(Math.max(0, socket.toClientMs - schedule.nowMs), () => this.reset(socket))
  }

  /** Both ends are told. */
  reset(socket: ClientSocket): void {
    if (socket.isOpen) socket.process.input({ type: 'client-down', connection: socket.id })
    this.#closed(socket)
  }

  /** Resets the connections of clients to a host. */
  resetAll(host: Host): void {
    for (const socket of this.#of(host.process)) this.reset(socket)
  }

  /** The client hangs up, or its machine is gone. */
  hangUp(socket: ClientSocket): void {
    if (!socket.isOpen) return
    socket.isOpen = false
    this.#sockets.delete(socket.id)
    this.#world.schedule.after(this.#world.network.paths.delayMs(), () => {
      socket.process.input({ type: 'client-down', connection: socket.id })
    })
  }

  ended(process: Process): void {
    for (const socket of this.#of(process)) this.#closed(socket)
  }

  #of(process: Process | null): ClientSocket[] {
    return [...this.#sockets.values()].filter((socket) => socket.process === process)
  }

  #closed(socket: ClientSocket): void {
    this.#sockets.delete(socket.id)
    this.#world.schedule.after(this.#world.network.paths.delayMs(), () => {
      if (!socket.isOpen) return
      socket.isOpen = false
      socket.wire.closed()
    })
  }
}
