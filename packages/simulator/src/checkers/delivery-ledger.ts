// What leaders hand out: never above the dispatch mark, and each attempt of a message once. An
// attempt ends through the log, which counts it, so a second hand-over for the same attempt would
// be a message in two hands, or a repeat without a flag (architecture, A8).
import type { DeliveryRun, QueueView } from '@holdfast/broker'
import type { Report } from './checks.ts'

type HandedOutRun = Pick<DeliveryRun, 'firstOffset' | 'count' | 'attempt' | 'deliveryCount'>

interface HandOver {
  readonly attempt: number
  readonly by: string
}

export class DeliveryLedger {
  readonly #name: string
  readonly #report: Report
  /** By queue and offset. */
  readonly #handedOut = new Map<number, Map<number, HandOver>>()

  constructor(name: string, report: Report) {
    this.#name = name
    this.#report = report
  }

  handedOut(
    leader: { readonly replica: number; readonly term: number; readonly latestTerm: number },
    queue: Pick<QueueView, 'id' | 'mark' | 'row'>,
    { firstOffset, count, attempt, deliveryCount }: HandedOutRun
  ): void {
    const by = `${leader.replica} in term ${leader.term}`
    const last = firstOffset + count - 1
    if (leader.term < leader.latestTerm) {
      const what = `${queue.id}/${firstOffset} is handed out by ${by}`
      this.#report('lease', `${this.#name}: ${what}, there is one in term ${leader.latestTerm}`)
    }
    if (last > queue.mark) {
      const what = `${queue.id}/${last} is handed out by ${by}`
      this.#report('dispatch-mark', `${this.#name}: ${what}, the mark is ${queue.mark}`)
    }
    const offsets = this.#handedOut.get(queue.id) ?? new Map<number, HandOver>()
    this.#handedOut.set(queue.id, offsets)
    for (let offset = firstOffset; offset <= last; offset += 1) {
      const row = queue.row(offset)
      if (row?.attempt !== attempt || row.deliveryCount !== deliveryCount) {
        const counts = `attempt ${row?.attempt} count ${row?.deliveryCount}`
        const what = `${queue.id}/${offset} ${counts} is handed out as ${attempt} ${deliveryCount}`
        this.#report('true-attempt', `${this.#name}: ${what}`)
      }
      const before = offsets.get(offset)
      offsets.set(offset, { attempt, by })
      if (before === undefined || before.attempt < attempt) continue
      const what = `${queue.id}/${offset} attempt ${attempt} by ${by}`
      const earlier = `attempt ${before.attempt} by ${before.by}`
      this.#report('one-holder', `${this.#name}: ${what}, after ${earlier}`)
    }
  }
}
