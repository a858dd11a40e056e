// Leases by which nodes route, as both sides count them: a change is answered once every lease has
// ended of whoever has not applied it, so nobody may go on for longer than the leader thinks. Both
// say for how long from now; the leader's margin is for how fast their clocks run meanwhile.
import type { RoutingLease } from '@holdfast/cluster'
import type { Report } from './checks.ts'

export class RoutingLeases {
  readonly #report: Report
  readonly #nowMs: () => number
  /** By term and node: until when its leader counts on it. */
  readonly #counted = new Map<string, number>()

  constructor(report: Report, nowMs: () => number) {
    this.#report = report
    this.#nowMs = nowMs
  }

  granted(grant: RoutingLease): void {
    const key = keyOf(grant)
    const untilMs = this.#nowMs() + grant.forMs
    this.#counted.set(key, Math.max(untilMs, this.#counted.get(key) ?? 0))
  }

  taken(lease: RoutingLease): void {
    if (lease.forMs <= 0) return
    const { node, term, forMs } = lease
    const surplusMs = forMs - (this.#counted.get(keyOf(lease)) ?? 0) + this.#nowMs()
    if (surplusMs <= 0) return
    const what = `node ${node} routes for ${forMs} ms, which its leader does not count on`
    this.#report('routing-lease', `term ${term}: ${what}`)
  }
}

function keyOf({ term, node }: RoutingLease): string {
  return `${term}/${node}`
}
