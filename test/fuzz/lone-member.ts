// A cluster of one node without I/O: writes are durable at once, and all passwords are right.
import { type Input, Member, type Output } from '@holdfast/cluster'
import { must } from './target.ts'

const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }
const remote = '127.0.0.1:4'

/** A socket, from the client's end. */
export interface LoneSocket {
  readonly id: number
  isClosed: boolean
  take(chunk: Uint8Array): void
}

export class LoneMember {
  readonly #member: Member
  readonly #sockets = new Map<number, LoneSocket>()
  #nowMs = 0
  #lastId = 0

  constructor() {
    this.#member = new Member(
      {
        processEpoch: 1,
        startedMs: 0,
        addresses,
        bootstrap: { clusterId: 'c'.repeat(32) },
        random: () => 0.5,
        checksum: () => 0,
        tuning: { shardsAtBootstrap: 2 }
      },
      { storeId: '0'.repeat(32), identity: null, peers: null, groups: [], lastRecord: 0 }
    )
    this.pass(1_000)
  }

  pass(durationMs: number): void {
    for (const endMs = this.#nowMs + durationMs; this.#nowMs < endMs; ) {
      this.#nowMs += 50
      this.#step([])
    }
  }

  connect(take: (chunk: Uint8Array) => void): LoneSocket {
    this.#lastId += 1
    const socket = { id: this.#lastId, isClosed: false, take }
    this.#sockets.set(socket.id, socket)
    this.#step([
      { type: 'client-up', connection: socket.id, protocol: 'amqp', remote, certificateName: null }
    ])
    return socket
  }

  send({ id, isClosed }: LoneSocket, bytes: Uint8Array): void {
    if (!isClosed) this.#step([{ type: 'client-bytes', connection: id, bytes }])
  }

  hangUp({ id }: LoneSocket): void {
    this.#sockets.delete(id)
    this.#step([{ type: 'client-down', connection: id }])
  }

  #step(inputs: readonly Input[]): void {
    const tick = { type: 'tick', nowMs: this.#nowMs, wallMs: this.#nowMs } as const
    const next: Input[] = []
    for (const output of this.#member.step([tick, ...inputs])) this.#carry(output, next)
    if (next.length > 0) this.#step(next)
  }

  #carry(output: Output, next: Input[]): void {
    switch (output.type) {
      case 'write':
        next.push({ type: 'written', id: output.record.id })
        return
      case 'verify-password':
        next.push({ type: 'password-verified', id: output.id, isRight: true })
        return
      case 'client-send': {
        const socket = this.#sockets.get(output.connection)
        for (const chunk of output.chunks) socket?.take(chunk)
        next.push({ type: 'client-drained', connection: output.connection, bytes: 0 })
        return
      }
      case 'client-close': {
        const socket = this.#sockets.get(output.connection)
        if (socket !== undefined) socket.isClosed = true
        return
      }
      case 'log':
        must(output.level !== 'error', `a member logs no error: ${output.message}`)
        return
      default:
    }
  }
}
