// Where a connection stands between its first byte and its end, and how long it may stand there.
import { amqpLimits } from './limits.ts'

/**
 * `leaving`: the client's close is answered when nothing is under way any more. `lingering`: the
 * socket is closed after a pause, if the client does not close it before. `closing`: this side has
 * closed, and waits for the answer. `closed`: the socket is to be closed.
 */
export type Stage =
  | 'greeting'
  | 'handshake'
  | 'open'
  | 'leaving'
  | 'lingering'
  | 'closing'
  | 'closed'

export class Lifetime {
  nowMs: number
  #stage: Stage = 'greeting'
  #deadlineMs: number

  constructor(nowMs: number) {
    this.nowMs = nowMs
    this.#deadlineMs = nowMs + amqpLimits.handshakeTimeoutMs
  }

  get stage(): Stage {
    return this.#stage
  }

  /** The client may still be let in. */
  get isOpening(): boolean {
    return this.#stage === 'greeting' || this.#stage === 'handshake'
  }

  /** What the client sends does not count. */
  get isDeaf(): boolean {
    return this.#stage === 'leaving' || this.#stage === 'lingering' || this.#stage === 'closed'
  }

  /** This side has closed already. */
  get isEnding(): boolean {
    return this.#stage === 'closing' || this.#stage === 'closed'
  }

  /** Frames would tell the client nothing: it does not speak AMQP yet, or not any more. */
  get isSilent(): boolean {
    return this.#stage === 'greeting' || this.#stage === 'lingering'
  }

  get isExpired(): boolean {
    return this.#stage !== 'open' && this.#stage !== 'closed' && this.nowMs >= this.#deadlineMs
  }

  /** From here to the next stage without a limit in time, or with the one that stands. */
  enter(stage: 'handshake' | 'open' | 'closed'): void {
    this.#stage = stage
  }

  /** The stage ends by itself after so long. */
  enterFor(stage: 'leaving' | 'lingering' | 'closing', durationMs: number): void {
    this.#stage = stage
    this.#deadlineMs = this.nowMs + durationMs
  }
}
