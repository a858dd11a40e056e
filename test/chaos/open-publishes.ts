// The queue of each publish that has no outcome yet: at most as many as the publishers' windows.
import type { HistoryEvent } from './history.ts'

export class OpenPublishes {
  readonly #queues = new Map<string, string>()

  /** Takes an event of a publish; the queue that has just confirmed one, else null. */
  push(event: HistoryEvent): string | null {
    if (event.type === 'invoke') {
      this.#queues.set(`${event.publisher}-${event.sequence}`, event.queue)
      return null
    }
    if (event.type !== 'ok' && event.type !== 'fail' && event.type !== 'info') return null
    const key = `${event.publisher}-${event.sequence}`
    const queue = this.#queues.get(key) ?? null
    this.#queues.delete(key)
    return event.type === 'ok' ? queue : null
  }
}
