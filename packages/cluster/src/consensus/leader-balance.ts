// Spreads the leaders of the shards over the nodes, at the metadata leader: all moves of a round
// are planned on what the leaders reported, and the next round waits until the reports show what
// became of them.
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { GroupReport } from '../peers/peer-message.ts'
import { nodeOf } from './replica-id.ts'

/** Leaderships moved at a time; the next time is when the reports show what became of them. */
const movesMax = 6

export class LeaderBalance {
  readonly #core: Core
  /** Since when each node has been up without a break, as this leader saw it. */
  readonly #upSinceMs = new Map<number, number>()

  constructor(core: Core) {
    this.#core = core
  }

  /**
   * Moves leaderships from the nodes that lead most to those that lead least, until they are level.
   */
  level(): void {
    const { membership, metadata, reports } = this.#core
    const led = new Map<number, GroupReport[]>()
    for (const { node, state } of metadata.machine.membership.nodes) {
      const isUp = state === 'up' && membership.isUp(node)
      if (isUp && reports.isTelling(node) && !reports.isDraining(node)) led.set(node, [])
    }
    this.#noteWhoIsUp([...led.keys()])
    // The metadata group stays where it is: moving it would interrupt who moves the others.
    for (const group of metadata.machine.placement.shards) {
      const report = reports.report(group)
      if (report?.leader == null || report.caughtUp === null) continue
      led.get(report.leader)?.push(report)
    }
    for (let moves = 0; moves < movesMax; moves++) {
      const move = nextMove(led, (node) => this.#hasSettled(node))
      if (move === null) return
      const { report, from, to } = move
      led.set(from, led.get(from)?.filter((other) => other !== report) ?? [])
      led.get(to)?.push(report)
      this.#core.calls.call(from, { type: 'transfer', group: report.group, to }, () => undefined)
    }
  }

  #noteWhoIsUp(nodes: readonly number[]): void {
    const { nowMs } = this.#core.clock
    for (const node of [...this.#upSinceMs.keys()]) {
      if (!nodes.includes(node)) this.#upSinceMs.delete(node)
    }
    for (const node of nodes) {
      if (!this.#upSinceMs.has(node)) this.#upSinceMs.set(node, nowMs)
    }
  }

  /** A node that has just come back has its own catching up to do before it leads anything. */
  #hasSettled(node: number): boolean {
    const sinceMs = this.#upSinceMs.get(node)
    return sinceMs !== undefined && this.#core.clock.nowMs - sinceMs >= times.settleMs
  }
}

interface Move {
  readonly report: GroupReport
  readonly from: number
  readonly to: number
}

/** One leadership that makes the nodes more even; null if they are, or none can be moved. */
function nextMove(
  led: ReadonlyMap<number, readonly GroupReport[]>,
  hasSettled: (node: number) => boolean
): Move | null {
  const byCount = [...led].sort(([a, x], [b, y]) => x.length - y.length || a - b)
  const [from, most] = byCount.at(-1) ?? [0, []]
  for (const [to, groups] of byCount) {
    if (most.length - groups.length < 2) return null
    if (!hasSettled(to)) continue
    const report = most.find((candidate) => canLead(candidate, to))
    if (report !== undefined) return { report, from, to }
  }
  return null
}

function canLead(report: GroupReport, node: number): boolean {
  const isVoter = report.voters.some((replica) => nodeOf(replica) === node)
  const isCaughtUp = report.caughtUp?.some((replica) => nodeOf(replica) === node) === true
  return isVoter && isCaughtUp && report.outgoing.length === 0
}
