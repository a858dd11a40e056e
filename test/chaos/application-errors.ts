// The errors that reached applications. None may, but for publishes that are refused because a disk
// was filled: the broker says that it refuses them then.
import type { HistoryEvent } from './history.ts'
import { Examples, type Report } from './violations.ts'

/** The second where the leader that refused for want of disk has died since. */
const refusals: ReadonlySet<string> = new Set(['DISK_LOW', 'UNAVAILABLE'])

export class ApplicationErrors {
  readonly #errors = new Examples()
  #refused = 0
  #isDiskShort = false

  push(event: Extract<HistoryEvent, { type: 'error' | 'fault' }>): void {
    if (event.type === 'fault') this.#isDiskShort ||= event.fault === 'disk-full'
    else if (this.#isDiskShort && refusals.has(event.code)) this.#refused += 1
    else this.#errors.note(`${event.process}: ${event.code}: ${event.message}`)
  }

  /** As a report has them. */
  counts(): Pick<Report, 'refused' | 'errors' | 'errorExamples'> {
    const { count, first } = this.#errors
    return { refused: this.#refused, errors: count, errorExamples: first }
  }
}
