// All clients of this node, whatever they speak, and what they share.
import type { UserIdentity } from '@holdfast/broker'
import { HoldfastError, type WireError } from '@holdfast/errors'
import type { NodeAddress } from '@holdfast/protocol'
import { type Core, log } from '../core.ts'
import { limits } from '../limits.ts'
import { AmqpSession } from './amqp-session.ts'
import { CreditPool } from './credit-pool.ts'
import { GatheredMemory } from './gathered-memory.ts'
import { NativeSession } from './native-session.ts'
import type { ReplyAddress } from './replies.ts'
import { refusal } from './responder.ts'
import type { ClientUp, Session } from './session.ts'

export class Sessions {
  readonly credit: CreditPool
  readonly gathered: GatheredMemory = new GatheredMemory()
  readonly #core: Core
  readonly #sessions = new Map<number, Session>()
  readonly #busy = new Set<Session>()
  readonly #resumable = new Set<Session>()
  /** Of AMQP connections that are not read as long as all of them have too much under way. */
  readonly #halted = new Set<AmqpSession>()
  /** Publishes of AMQP connections that are under way. */
  #amqpBytes = 0

  constructor(core: Core) {
    this.#core = core
    this.credit = new CreditPool(core)
  }

  /** Connections that are open to a vhost, or of a user, at this node. */
  countOf(kind: 'user' | 'vhost', name: string): number {
    let count = 0
    for (const { isOpen, rights } of this.#sessions.values()) {
      if (isOpen && (kind === 'user' ? rights.user.name : rights.vhost) === name) count++
    }
    return count
  }

  /** A user may be bounded in its channels, on all of its AMQP connections to this node. */
  channelRefusal(user: UserIdentity): WireError | null {
    const limit = this.#core.metadata.machine.access.sameUser(user)?.limits.get('max-channels')
    if (limit === undefined || this.#channelsOf(user.name) < limit) return null
    return refusal('CHANNELS_LIMIT_REACHED', { user: user.name, limit })
  }

  #channelsOf(user: string): number {
    let count = 0
    for (const session of this.#sessions.values()) {
      if (session instanceof AmqpSession && session.user.name === user) {
        count += session.connection.channelsCount
      }
    }
    return count
  }

  /** Whether a client is in, on this connection. */
  isOpen(connection: number): boolean {
    return this.#sessions.get(connection)?.isOpen === true
  }

  get count(): number {
    return this.#sessions.size
  }

  get amqpBytes(): number {
    return this.#amqpBytes
  }

  /** Too much is under way: of AMQP connections, or of whoever was connected. */
  get #isFull(): boolean {
    const bytes = Math.max(this.#amqpBytes, this.#core.gateway.pendingBytes)
    return bytes > limits.publishCreditBytesMax
  }

  up(client: ClientUp): void {
    const session = this.#open(client)
    this.#sessions.set(client.connection, session)
    this.#core.counters.clientConnections = this.#sessions.size
    this.touch(session)
  }

  #open(client: ClientUp): Session {
    if (client.protocol === 'amqp') return new AmqpSession(this.#core, client)
    const session = new NativeSession(this.#core, client)
    this.credit.add(session)
    return session
  }

  bytes(connection: number, bytes: Uint8Array): void {
    const session = this.#sessions.get(connection)
    if (session !== undefined) this.guard(session, () => session.receive(bytes))
  }

  /** Whatever goes wrong for one client ends its connection, and nothing else. */
  guard(session: Session, work: () => void): void {
    this.touch(session)
    try {
      work()
    } catch (thrown) {
      const error = HoldfastError.from(thrown)
      if (error !== thrown) {
        const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
        log(this.#core, 'error', 'serving a client failed', { connection: session.id, reason })
      }
      session.close(error.toWire())
    }
  }

  down(connection: number): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    this.#sessions.delete(connection)
    this.#busy.delete(session)
    if (session instanceof AmqpSession) this.#halted.delete(session)
    session.closed()
    this.#core.counters.clientConnections = this.#sessions.size
    if (session instanceof NativeSession) this.credit.forget(session)
  }

  drained(connection: number, bytes: number): void {
    this.#sessions.get(connection)?.drained(bytes)
  }

  /** The session has something to send at the end of the step. */
  touch(session: Session): void {
    this.#busy.add(session)
  }

  resumeHeld(): void {
    for (const session of this.#sessions.values()) this.#resumable.add(session)
  }

  tick(): void {
    for (const session of this.#sessions.values()) this.guard(session, () => session.tick())
    this.credit.tick()
    this.resumeHeld()
  }

  /** Held publishes of sessions whose obstacle may be gone. */
  work(): boolean {
    if (this.#resumable.size === 0) return false
    const sessions = [...this.#resumable]
    this.#resumable.clear()
    for (const session of sessions) this.guard(session, () => session.resumeHeld())
    return true
  }

  /** Whether an AMQP connection that has publishes under way must wait, since all have too much. */
  isHalted(session: AmqpSession): boolean {
    const isHalted = session.publishBytes > 0 && this.#isFull
    if (isHalted) this.#halted.add(session)
    else this.#halted.delete(session)
    return isHalted
  }

  /** The publishes of an AMQP connection have grown or shrunk by so many bytes. */
  amqpBytesChanged(bytes: number): void {
    this.#amqpBytes += bytes
    if (bytes < 0) this.lessUnderWay()
  }

  /** Somebody's publishes are decided, or no more: who waits for that may go on. */
  lessUnderWay(): void {
    this.credit.returned()
    if (this.#halted.size === 0 || this.#isFull) return
    for (const session of this.#halted) this.touch(session)
  }

  flush(): void {
    this.#flushBusy()
    // What is given back as connections go out and end is for those that had their turn.
    while (this.credit.isDue) this.#flushBusy()
  }

  #flushBusy(): void {
    this.credit.lend()
    for (const session of this.#busy) {
      session.flush()
      if (session.isEnded) {
        this.#core.outputs.push({ type: 'client-close', connection: session.id })
        session.closed()
      }
      this.#busy.delete(session)
    }
  }

  /** Tells the clients where the nodes are. */
  nodesChanged(): void {
    const nodes = this.nodeAddresses()
    for (const session of this.#sessions.values()) {
      session.nodesChanged(nodes)
      this.touch(session)
    }
  }

  nodeAddresses(): readonly NodeAddress[] {
    return this.#core.metadata.machine.membership.nodes.map(({ node, addresses }) => {
      return { id: node, client: addresses.client, http: addresses.http }
    })
  }

  /** The connection in the vhost that an address of this node names; null if there is none. */
  replyReceiver(vhost: string, address: ReplyAddress): AmqpSession | null {
    const session = this.#sessions.get(address.connection)
    if (!(session instanceof AmqpSession) || session.vhost !== vhost) return null
    return session.consumers.takesReplies(address) ? session : null
  }

  /** Why this node takes no clients, and others may; null if it does. */
  get refusal(): WireError | null {
    // A node that is in no cluster yet has nothing to offer: the client goes to another.
    if (this.#core.identity === null) {
      const reason = 'this node is in no cluster yet'
      return new HoldfastError('UNAVAILABLE', { reason }).toWire()
    }
    return this.#core.contact.isCutOff ? new HoldfastError('NODE_CUT_OFF').toWire() : null
  }

  /** Users or rights have changed. */
  accessChanged(): void {
    for (const session of this.#sessions.values()) {
      if (session.isOpen) this.guard(session, () => session.accessChanged())
    }
  }

  /** This node can do nothing for its clients, and others may. */
  sendAway(): void {
    for (const session of this.#sessions.values()) {
      session.close(new HoldfastError('NODE_CUT_OFF').toWire())
      this.touch(session)
    }
  }
}
