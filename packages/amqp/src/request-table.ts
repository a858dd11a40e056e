// The requests of one connection that the member has not answered. There is at most one for each
// channel that waits, and what those ask for that do not.
import type { Answer } from './channel-host.ts'
import type { EventQueue } from './event-queue.ts'
import type { AmqpRequest } from './requests.ts'

export const noAnswer: Answer = { done: () => undefined, refused: () => undefined }

export class RequestTable {
  readonly #events: EventQueue
  readonly #answers = new Map<number, Answer>()
  #lastId = 0

  constructor(events: EventQueue) {
    this.#events = events
  }

  ask(channel: number, request: AmqpRequest, answer: Answer): void {
    const requestId = ++this.#lastId
    this.#answers.set(requestId, answer)
    this.#events.push({ type: 'request', requestId, channel, request })
  }

  /** Who waits for the answer; null if nobody does any more. */
  take(requestId: number): Answer | null {
    const answer = this.#answers.get(requestId) ?? null
    this.#answers.delete(requestId)
    return answer
  }

  /** Nobody waits for anything any more. */
  clear(): void {
    this.#answers.clear()
  }
}
