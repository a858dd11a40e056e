// The publish credit that all native clients of this node share. AMQP has no credit: what its
// clients have under way takes of the same memory.
import { HoldfastError } from '@holdfast/errors'
import { protocolLimits } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { NativeSession } from './native-session.ts'

interface Want {
  readonly session: NativeSession
  readonly bytes: number
}

export class CreditPool {
  readonly #core: Core
  readonly #sessions = new Set<NativeSession>()
  /** Clients that wait for credit, in the order they asked. */
  #wants: Want[] = []
  /** Somebody wants some, or some has come back, since credit was lent last. */
  #isDue = false

  constructor(core: Core) {
    this.#core = core
  }

  /** Credit of all that is used by publishes without an outcome. */
  get usedBytes(): number {
    let bytes = 0
    for (const { connection } of this.#sessions) bytes += connection.credit.inFlightBytes
    return bytes
  }

  add(session: NativeSession): void {
    this.#sessions.add(session)
  }

  forget(session: NativeSession): void {
    if (!this.#sessions.delete(session)) return
    this.#wants = this.#wants.filter((want) => want.session !== session)
    this.returned()
  }

  want(session: NativeSession, bytes: number): void {
    this.#wants = this.#wants.filter((want) => want.session !== session)
    this.#wants.push({ session, bytes })
    this.returned()
  }

  tick(): void {
    if (this.#wants.length > 0) this.#endHoarders()
  }

  /** Credit that was lent cannot be taken back: who sits on it while others wait is cut off. */
  #endHoarders(): void {
    const { clock, sessions } = this.#core
    for (const session of this.#sessions) {
      const { connection, lentAtMs } = session
      const patienceMs = connection.isReceiving ? times.lentSlowMs : times.lentIdleMs
      if (!connection.credit.isIdle || clock.nowMs - lentAtMs < patienceMs) continue
      const reason = 'it borrowed publish credit and does not use it, while others wait'
      session.close(new HoldfastError('CONNECTION_CLOSED', { reason }).toWire())
      sessions.touch(session)
    }
  }

  get isDue(): boolean {
    return this.#isDue
  }

  /** There may be more to lend. */
  returned(): void {
    this.#isDue = true
  }

  /**
   * Lends credit to those who wait, first come first served, as far as the node's pool goes. It
   * looks at every session: once for all that has come back in a step.
   */
  lend(): void {
    if (!this.#isDue) return
    this.#isDue = false
    if (this.#wants.length === 0) return
    const { sessions, gateway } = this.#core
    let lent = sessions.amqpBytes
    for (const session of this.#sessions) lent += session.connection.credit.borrowedBytes
    // Who has left owes nothing, and what it published may be under way.
    lent = Math.max(lent, gateway.pendingBytes)
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
      this.#core.sessions.touch(session)
    }
    this.#wants = later
    this.#reclaim(isShort)
  }

  /** While somebody waits, credit that comes back goes to the pool. */
  #reclaim(isReclaiming: boolean): void {
    for (const session of this.#sessions) session.connection.credit.isReclaiming = isReclaiming
  }
}
