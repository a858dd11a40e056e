// Leases by which nodes route, as both sides count them: a change is answered once every lease has
// ended of whoever has not applied it, so nobody may go on for longer than the leader thinks. Both
// say for how long from now; the leader's margin is for how fast their clocks run meanwhile.
import type { RoutingLease } from '@holdfast/cluster'
import type { Report } from './checks.ts'

/** A process that may route. */
interface Holder {
  node: number
  untilMs: number
  /** Of the metadata. */
  applied: number
}

export class RoutingLeases {
  readonly #report: Report
  readonly #nowMs: () => number
  /** By term and node: until when its leader counts on it. */
  readonly #counted = new Map<string, number>()
  /** By the epoch of the process. */
  readonly #holders = new Map<number, Holder>()

  constructor(report: Report, nowMs: () => number) {
    this.#report = report
    this.#nowMs = nowMs
  }

  granted(grant: RoutingLease): void {
    const key = keyOf(grant)
    const untilMs = this.#nowMs() + grant.forMs
    this.#counted.set(key, Math.max(untilMs, this.#counted.get(key) ?? 0))
  }

  taken(epoch: number, lease: RoutingLease): void {
    const { node, term, forMs } = lease
    const holder = this.#holder(epoch)
    holder.node = node
    holder.untilMs = this.#nowMs() + forMs
    if (forMs <= 0) return
    const surplusMs = forMs - (this.#counted.get(keyOf(lease)) ?? 0) + this.#nowMs()
    if (surplusMs <= 0) return
    const what = `node ${node} routes for ${forMs} ms, which its leader does not count on`
    this.#report('routing-lease', `term ${term}: ${what}`)
  }

  applied(epoch: number, index: number): void {
    this.#holder(epoch).applied = index
  }

  ended(epoch: number): void {
    this.#holders.delete(epoch)
  }

  /** The nodes that may route, and have not applied what is at this index. */
  without(index: number): readonly number[] {
    const holders = [...this.#holders.values()]
    const nowMs = this.#nowMs()
    const some = holders.filter(({ untilMs, applied }) => untilMs > nowMs && applied < index)
    return some.map(({ node }) => node)
  }

  #holder(epoch: number): Holder {
    const holder = this.#holders.get(epoch) ?? { node: 0, untilMs: 0, applied: 0 }
    this.#holders.set(epoch, holder)
    return holder
  }
}

function keyOf({ term, node }: RoutingLease): string {
  return `${term}/${node}`
}
