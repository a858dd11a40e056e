// What was sent under which number of a gateway, and what it got.
import type { SectionNumber, SectionReply } from '../src/index.ts'
import type { ReferenceGateway } from './reference-types.ts'

export class ReferenceGateways {
  readonly #rows: Map<number, ReferenceGateway> = new Map()

  expire(timeMs: number, silentMs: number): void {
    for (const [replica, { lastMs }] of this.#rows) {
      if (timeMs - lastMs >= silentMs) this.#rows.delete(replica)
    }
  }

  /** Applies what has the next number; what has a lower one got its reply before. */
  numbered(
    { gateway, number, first }: SectionNumber,
    timeMs: number,
    apply: () => SectionReply
  ): SectionReply {
    let row = this.#rows.get(gateway.replica)
    if (row !== undefined && gateway.epoch < row.epoch) {
      return { type: 'refused', code: 'PRODUCER_FENCED', details: { gatewayEpoch: row.epoch } }
    }
    const isNew = row === undefined || gateway.epoch > row.epoch
    if (isNew && !first) return { type: 'gap', expected: 0 }
    if (row === undefined || isNew || (first && number > row.next)) {
      row = { epoch: gateway.epoch, next: number, lastMs: timeMs, replies: new Map() }
      this.#rows.set(gateway.replica, row)
    }
    if (number > row.next) return { type: 'gap', expected: row.next }
    if (number < row.next) {
      const reply = row.replies.get(number) ?? { type: 'repeated', missing: [] }
      return reply.type === 'accepted' ? { ...reply, type: 'repeated' } : reply
    }
    const reply = apply()
    row.replies.set(number, reply)
    row.next += 1
    row.lastMs = timeMs
    return reply
  }
}
