// All clients of this node: their events, and the publish credit that they share.
import { HoldfastError, unreachable, type WireError } from '@holdfast/errors'
import {
  type ConnectionEvent,
  type HelloEvent,
  type NodeAddress,
  protocolLimits
} from '@holdfast/protocol'
import type { LoginResult } from '../access/logins.ts'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import { handleRequest } from './requests.ts'
import { Session } from './session.ts'

interface Want {
  readonly session: Session
  readonly bytes: number
}

export class Sessions {
  readonly #core: Core
  readonly #sessions = new Map<number, Session>()
  readonly #busy = new Set<Session>()
  readonly #resumable = new Set<Session>()
  /** Clients that wait for credit, in the order they asked. */
  #wants: Want[] = []

  constructor(core: Core) {
    this.#core = core
  }

  /** Connections that are open to a vhost, or of a user, at this node. */
  countOf(kind: 'user' | 'vhost', name: string): number {
    let count = 0
    for (const { connection, rights } of this.#sessions.values()) {
      if (connection.isOpen && rights[kind] === name) count++
    }
    return count
  }

  get count(): number {
    return this.#sessions.size
  }

  up(connection: number, remote: string): void {
    this.#sessions.set(connection, new Session(this.#core, connection, remote))
    this.#core.counters.clientConnections = this.#sessions.size
  }

  bytes(connection: number, bytes: Uint8Array): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    this.touch(session)
    this.#guard(session, () => {
      for (const event of session.receive(bytes)) this.#event(session, event)
    })
  }

  /** Whatever goes wrong for one client ends its connection, and nothing else. */
  #guard(session: Session, work: () => void): void {
    try {
      work()
    } catch (error) {
      session.failedWith(error)
      this.touch(session)
    }
  }

  down(connection: number): void {
    const session = this.#sessions.get(connection)
    if (session === undefined) return
    this.#sessions.delete(connection)
    this.#wants = this.#wants.filter((want) => want.session !== session)
    session.closed()
    this.#core.counters.clientConnections = this.#sessions.size
    this.creditReturned()
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
    for (const session of this.#sessions.values()) {
      this.#guard(session, () => {
        const events = session.connection.tick(this.#core.clock.nowMs)
        for (const event of events) this.#event(session, event)
      })
      this.touch(session)
    }
    if (this.#wants.length > 0) this.#endHoarders()
    this.resumeHeld()
  }

  /** Credit that was lent cannot be taken back: who sits on it while others wait is cut off. */
  #endHoarders(): void {
    const { nowMs } = this.#core.clock
    for (const session of this.#sessions.values()) {
      const { connection, lentAtMs } = session
      const patienceMs = connection.isReceiving ? times.lentSlowMs : times.lentIdleMs
      if (!connection.credit.isIdle || nowMs - lentAtMs < patienceMs) continue
      const reason = 'it borrowed publish credit and does not use it, while others wait'
      session.failedWith(new HoldfastError('CONNECTION_CLOSED', { reason }))
      this.touch(session)
    }
  }

  /** Held publishes of sessions whose obstacle may be gone. */
  work(): boolean {
    if (this.#resumable.size === 0) return false
    const sessions = [...this.#resumable]
    this.#resumable.clear()
    for (const session of sessions) this.#guard(session, () => session.resumeHeld())
    return true
  }

  flush(): void {
    for (const session of this.#busy) {
      session.flush()
      if (session.connection.isClosed) {
        this.#core.outputs.push({ type: 'client-close', connection: session.id })
        session.closed()
      }
    }
    this.#busy.clear()
  }

  /** Tells the clients where the nodes are. */
  nodesChanged(): void {
    const nodes = this.nodeAddresses()
    for (const session of this.#sessions.values()) {
      session.connection.nodes(nodes)
      this.touch(session)
    }
  }

  nodeAddresses(): readonly NodeAddress[] {
    return this.#core.metadata.machine.membership.nodes.map(({ node, addresses }) => {
      return { id: node, client: addresses.client, http: addresses.http }
    })
  }

  /** Users or rights have changed. */
  accessChanged(): void {
    for (const session of this.#sessions.values()) session.accessChanged()
  }

  /** This node can do nothing for its clients, and others may. */
  sendAway(): void {
    for (const session of this.#sessions.values()) this.#refuseCutOff(session)
  }

  #refuseCutOff(session: Session): void {
    session.connection.close(new HoldfastError('NODE_CUT_OFF').toWire())
    this.touch(session)
  }

  /** A node that is in no cluster yet has nothing to offer: the client goes to another. */
  #refuseBlank(session: Session): void {
    const reason = 'this node is in no cluster yet'
    session.connection.close(new HoldfastError('UNAVAILABLE', { reason }).toWire())
  }

  /** Lets a client in once it is known who it is, and that it may be in its vhost. */
  #logIn(session: Session, event: HelloEvent): void {
    const { logins } = this.#core
    const { user, password, vhost } = event
    const credentials = user === null || password === null ? null : { user, password }
    const refuse = (error: WireError): void => {
      session.connection.close(error)
      this.touch(session)
    }
    const enter = (name: string): void => {
      const check = (): WireError | null => logins.entranceRefusal(name, vhost)
      logins.whenRefused(check, (error) => {
        if (error !== null) return refuse(error)
        session.opened(event, name, this.nodeAddresses())
        this.touch(session)
      })
    }
    const answered = (result: LoginResult): void => {
      if ('error' in result) refuse(result.error)
      else enter(result.user)
    }
    const isGone = (): boolean => session.isClosed || session.connection.isClosed
    logins.authenticate(credentials, session.remote, answered, isGone)
  }

  #event(session: Session, event: ConnectionEvent): void {
    switch (event.type) {
      case 'hello':
        if (this.#core.identity === null) return this.#refuseBlank(session)
        if (this.#core.contact.isCutOff) return this.#refuseCutOff(session)
        return this.#logIn(session, event)
      case 'request':
        return handleRequest(this.#core, session, event)
      case 'publish':
        return session.publish(event)
      case 'settle':
        return session.settle(event)
      case 'want-credit':
        this.#wants = this.#wants.filter((want) => want.session !== session)
        this.#wants.push({ session, bytes: event.bytes })
        return this.creditReturned()
      case 'closed':
        return session.closed()
      default:
        return unreachable(event)
    }
  }

  /** Lends credit to those who wait, first come first served, as far as the node's pool goes. */
  creditReturned(): void {
    if (this.#wants.length === 0) return
    let lent = 0
    for (const session of this.#sessions.values()) lent += session.connection.credit.borrowedBytes
    const later: Want[] = []
    let isShort = false
    for (const want of this.#wants) {
      const { session, bytes } = want
      // Who has room for the largest message uses that first: nobody gathers credit.
      const hasEnough = session.connection.credit.availableBytes >= protocolLimits.frameBytesMax
      isShort ||= !hasEnough && lent > 0 && lent + bytes > limits.publishCreditBytesMax
      if (hasEnough || isShort) {
        later.push(want)
        continue
      }
      lent += bytes
      session.connection.grant(bytes)
      session.lentAtMs = this.#core.clock.nowMs
      this.touch(session)
    }
    this.#wants = later
    this.#reclaim(isShort)
  }

  /** While somebody waits, credit that comes back goes to the pool. */
  #reclaim(isReclaiming: boolean): void {
    for (const session of this.#sessions.values())
      session.connection.credit.isReclaiming = isReclaiming
  }
}
