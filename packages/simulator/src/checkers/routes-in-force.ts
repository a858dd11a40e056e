// What a node must have applied of the metadata by the time at which it goes by it: every change
// that was answered anywhere; behind a fence everything that was committed before; and who
// says of a publish that it goes nowhere is behind one that began when the publish was there.
import type { Report } from './checks.ts'
import type { RoutingLeases } from './routing-leases.ts'

export class RoutesInForce {
  readonly #report: Report
  readonly #leases: Pick<RoutingLeases, 'without'>
  /** Changes up to here were answered. */
  #answeredIndex = 0
  /** How often anybody began to wait at a fence. */
  #fences = 0
  /** By replica: the latest of those fences that it is behind. */
  readonly #passed = new Map<number, number>()

  constructor(report: Report, leases: Pick<RoutingLeases, 'without'>) {
    this.#report = report
    this.#leases = leases
  }

  /** Whoever has a lease may route at any moment, and need not do so for this to be wrong. */
  answered(index: number): void {
    for (const node of this.#leases.without(index)) {
      this.#report('route-in-force', `${index} is answered, and node ${node} may route without it`)
    }
    this.#answeredIndex = Math.max(this.#answeredIndex, index)
  }

  /** A node has a lease. */
  routes(replica: number, applied: number): void {
    if (applied >= this.#answeredIndex) return
    const what = `replica ${replica} routes with ${applied} applied`
    this.#report('route-in-force', `${what}, ${this.#answeredIndex} was answered`)
  }

  /** A node asks now; what it gets is to be called with what it has applied when it goes on. */
  waits(replica: number, committedIndex: number): (applied: number) => void {
    this.#fences += 1
    const fence = this.#fences
    return (applied) => {
      this.#passed.set(replica, Math.max(fence, this.#passed.get(replica) ?? 0))
      if (applied >= committedIndex) return
      const what = `replica ${replica} is behind a fence with ${applied} applied`
      this.#report('route-in-force', `${what}, ${committedIndex} was committed before`)
    }
  }

  /**
   * A publish comes to a node now; what it gets is to be called when the node says that this goes
   * nowhere: it may have come behind the answer that there is a way, and no earlier fence tells.
   */
  arrives(replica: number): () => void {
    const fences = this.#fences
    return () => {
      if ((this.#passed.get(replica) ?? 0) > fences) return
      const what = `replica ${replica} sends a publish nowhere`
      this.#report('route-in-force', `${what}, and was at no fence since that came`)
    }
  }
}
