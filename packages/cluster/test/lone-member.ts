// A cluster of one node without I/O, and clients of it over the real connection machine. Writes
// become durable when a test says so: what happens while something is on its way through the log
// can be put in order.
import {
  ClientConnection,
  type ClientEvent,
  type ClientRequest,
  type Hello
} from '@holdfast/protocol'
import { encodeRecord, type Properties, utf8Encode } from '@holdfast/record'
import type { Input } from '../src/input.ts'
import { times } from '../src/limits.ts'
import { Member } from '../src/member.ts'
import type { NodeMemory } from '../src/memory.ts'
import type { Output, VerifyPassword } from '../src/output.ts'
import type { ClientProtocol } from '../src/sessions/session.ts'
import type { AdminReply, AdminRequest, MemberCounters } from '../src/status.ts'
import { type AmqpLogin, LoneAmqpClient } from './lone-amqp-client.ts'

const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }

const here = '127.0.0.1:4'

const upOf = (
  connection: number,
  protocol: ClientProtocol,
  remote: string,
  certificateName: string | null = null
): Input => ({ type: 'client-up', connection, protocol, remote, certificateName })

/** Where a socket comes from, and the name in the certificate that was shown on it. */
export interface Plug {
  readonly remote?: string | undefined
  readonly certificate?: string | undefined
}

export class LoneMember {
  readonly #member: Member
  readonly #clients = new Map<number, { take(chunk: Uint8Array): void }>()
  /** Connections whose sockets are not read. */
  readonly paused: Set<number> = new Set()
  nowMs = 0
  /** Passwords that are being compared; a test answers with `verified`. */
  readonly verifying: VerifyPassword[] = []
  /** Those that were right of late. */
  readonly recalled: Set<string> = new Set()
  #recalls: Input[] = []
  readonly #answers: (AdminReply | string)[] = []
  #writing: number | null = null
  /** Whether writes wait for `release`. */
  #isHolding = false

  constructor(shards = 1) {
    this.#member = new Member(
      {
        processEpoch: 1,
        startedMs: 0,
        addresses,
        bootstrap: { clusterId: 'c'.repeat(32) },
        random: () => 0.5,
        checksum: () => 0,
        tuning: { shardsAtBootstrap: shards }
      },
      { storeId: '0'.repeat(32), identity: null, peers: null, groups: [], lastRecord: 0 }
    )
    this.pass(1000)
  }

  /** The longest that it need not be stepped while so much time passes. */
  longestRestMs(durationMs: number): number {
    let longest = 0
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; ) {
      this.pass(times.tickMs)
      longest = Math.max(longest, this.#member.restMs)
    }
    return longest
  }

  memory(): NodeMemory {
    return this.#member.memory()
  }

  counters(): MemberCounters {
    return this.#member.counters()
  }

  /** Lets time pass, and all that is to be done with it. */
  pass(durationMs: number): void {
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += 50) this.step([])
  }

  /** From here on nothing is durable, hence nothing committed. */
  hold(): void {
    this.#isHolding = true
  }

  release(): void {
    this.#isHolding = false
    this.step([])
  }

  /** What is being written is durable, and what has come since is written next. */
  releaseOne(): void {
    const id = this.#writing
    if (id === null) throw new Error('nothing is being written')
    this.#writing = null
    this.step([{ type: 'written', id }])
  }

  /** One step with these inputs, and those that follow from it. */
  step(inputs: readonly Input[]): void {
    const { nowMs } = this
    const outputs = this.#member.step([{ type: 'tick', nowMs, wallMs: nowMs }, ...inputs])
    for (const output of outputs) this.#carry(output)
    const recalls = this.#recalls.splice(0)
    if (recalls.length > 0) this.step(recalls)
    const id = this.#writing
    if (id === null || this.#isHolding) return
    this.#writing = null
    this.step([{ type: 'written', id }])
  }

  #carry(output: Output): void {
    if (output.type === 'write') this.#writing = output.record.id
    else if (output.type === 'client-pause') this.paused.add(output.connection)
    else if (output.type === 'client-resume') this.paused.delete(output.connection)
    else if (output.type === 'verify-password') this.#verify(output)
    else if (output.type === 'admin-reply') {
      const { result } = output
      this.#answers.push('error' in result ? result.error.code : result)
    } else if (output.type === 'client-send') {
      for (const chunk of output.chunks) this.#clients.get(output.connection)?.take(chunk)
    }
  }

  #verify(output: VerifyPassword): void {
    const { id, password, effort } = output
    if (effort === 'compare') this.verifying.push(output)
    else {
      const isRight = this.recalled.has(password)
      this.#recalls.push({ type: 'password-verified', id, isRight })
    }
  }

  verified(isRight: boolean): void {
    const [verification] = this.verifying.splice(0, 1)
    if (verification === undefined) throw new Error('no password is being verified')
    this.step([{ type: 'password-verified', id: verification.id, isRight }])
  }

  /** The reply to an operator's call, or the code of its refusal; null while there is none. */
  admin(request: AdminRequest): AdminReply | string | null {
    this.#answers.length = 0
    this.step([{ type: 'admin', id: 1, request }])
    return this.answered
  }

  /** What the last call of an operator was answered; null while it is not. */
  get answered(): AdminReply | string | null {
    return this.#answers[0] ?? null
  }

  /**
   * A client that is connected; `name` tells clients apart, over all their connections. What else
   * it says of itself is in `hello`.
   */
  connect(name: number, hello: Partial<Hello> = {}, remote: string = here): LoneClient {
    const client = new LoneClient(this, this.#clients.size + 1, name, hello)
    this.#clients.set(client.id, client)
    this.step([upOf(client.id, 'native', remote), client.said()])
    return client
  }

  /** The socket of a client of AMQP that sees to its bytes itself: its number. */
  plugAmqp(take: (chunk: Uint8Array) => void, { remote = here, certificate }: Plug = {}): number {
    const id = this.#clients.size + 1
    this.#clients.set(id, { take })
    this.step([upOf(id, 'amqp', remote, certificate)])
    return id
  }

  /** A client that speaks AMQP, with a channel; its password is right. */
  connectAmqp(login: AmqpLogin = {}, remote: string = here): LoneAmqpClient {
    const client = new LoneAmqpClient(this, this.#clients.size + 1, login)
    this.#clients.set(client.id, client)
    this.step([upOf(client.id, 'amqp', remote)])
    client.speak()
    if (this.verifying.length > 0) this.verified(true)
    client.speak()
    return client
  }
}

export class LoneClient {
  readonly id: number
  readonly #member: LoneMember
  readonly connection: ClientConnection
  readonly events: ClientEvent[] = []

  constructor(member: LoneMember, id: number, name: number, more: Partial<Hello>) {
    this.id = id
    this.#member = member
    const producer = new Uint8Array(16).fill(name)
    const hello = { producer, epoch: 1, name: `${name}`, vhost: '/', heartbeatMs: 60_000 }
    this.connection = new ClientConnection({ nowMs: member.nowMs, hello: { ...hello, ...more } })
  }

  /** What the client has written to its socket. */
  said(): Input {
    const bytes = Buffer.concat(this.connection.flush(this.#member.nowMs))
    return { type: 'client-bytes', connection: this.id, bytes }
  }

  /** How its socket ends. */
  gone(): Input {
    return { type: 'client-down', connection: this.id }
  }

  take(chunk: Uint8Array): void {
    this.events.push(...this.connection.receive(chunk, this.#member.nowMs))
  }

  /** Hands over what was said, in a step of its own. */
  speak(): void {
    this.#member.step([this.said()])
  }

  /** Asks; what came of it is in `answerTo`. */
  ask(request: ClientRequest): number {
    const id = this.connection.request(request)
    this.speak()
    return id
  }

  /** Whether it was let in: 'open', or the code of what ended it; null: neither yet. */
  get state(): string | null {
    for (const event of this.events) {
      if (event.type === 'closed') return event.error?.code ?? 'closed'
    }
    return this.connection.isOpen ? 'open' : null
  }

  /** 'done', the code of the refusal, or null while there is no answer. */
  answerTo(id: number): string | null {
    for (const event of this.events) {
      if (event.type !== 'response' || event.requestId !== id) continue
      return event.error === null ? 'done' : event.error.code
    }
    return null
  }

  /** What a request was answered; null while it is not, or was refused. */
  resultTo(id: number): unknown {
    for (const event of this.events) {
      if (event.type === 'response' && event.requestId === id) return event.result
    }
    return null
  }

  /** Publishes `count` messages straight to a queue, from sequence `first` on. */
  publish(queue: string, first: number, count: number, properties: Properties | null = null): void {
    const record = encodeRecord(properties, utf8Encode('body'))
    const blob = new Uint8Array(Buffer.concat(Array.from({ length: count }, () => record)))
    const route = { exchange: '', routingKey: queue, mandatory: true, first: true }
    this.connection.publish({
      ...route,
      firstSequence: first,
      lowestUnconfirmed: first,
      count,
      blob
    })
    this.speak()
  }

  /** Publishes one message. */
  publishTo(exchange: string, routingKey: string, firstSequence: number): void {
    const blob = encodeRecord(null, utf8Encode('body'))
    const route = { exchange, routingKey, mandatory: false, first: firstSequence === 1 }
    const sequences = { firstSequence, lowestUnconfirmed: firstSequence, count: 1 }
    this.connection.publish({ ...route, ...sequences, blob })
    this.speak()
  }

  /** Offsets and attempts of what was delivered, in order. */
  get delivered(): { readonly offset: number; readonly attempt: number }[] {
    return this.events.flatMap((event) => {
      if (event.type !== 'deliver') return []
      const { firstOffset, count, attempt } = event.run
      return Array.from({ length: count }, (_, i) => ({ offset: firstOffset + i, attempt }))
    })
  }
}
