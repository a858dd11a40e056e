// Entry bodies in memory have a bound for the whole node; the store has them all.
import type { Raft } from '@holdfast/raft'

interface Holder {
  readonly raft: Pick<Raft, 'bodiesBytes' | 'appliedIndex' | 'durableIndex' | 'forgetBodies'>
}

/**
 * Above `bytesMax` the replicas that hold most forget what is applied and durable, until half of it
 * is left.
 */
export function boundBodies(holders: readonly Holder[], bytesMax: number): void {
  let bytes = 0
  for (const { raft } of holders) bytes += raft.bodiesBytes
  if (bytes <= bytesMax) return
  for (const { raft } of holders.toSorted((a, b) => b.raft.bodiesBytes - a.raft.bodiesBytes)) {
    if (bytes <= bytesMax / 2) return
    bytes -= raft.bodiesBytes
    raft.forgetBodies(Math.min(raft.appliedIndex, raft.durableIndex))
    bytes += raft.bodiesBytes
  }
}
