// The end of a storm: the weather clears, a leader is found by whoever is enough for that, and in
// the end everyone in its configuration catches up (liveness).
import { assert } from '@holdfast/errors'
import { describeConfiguration, describeId } from '../src/index.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'
import { calm } from './simulated-network.ts'
import type { Replica } from './simulated-replica.ts'

const roundsMax = 3000

/** @throws AssertionError if the group does not come to agree */
export function heal(cluster: SimulatedCluster, propose: () => void): void {
  cluster.weather = calm
  cluster.blocked.clear()
  for (const replica of cluster.replicas.values()) {
    replica.pausedUntilTick = Math.min(replica.pausedUntilTick, cluster.tickCount)
    if (!replica.isUp) cluster.restart(replica)
  }
  if (cluster.random.chance(0.5)) {
    const away = dispensable(cluster)
    for (const replica of away) cluster.crash(replica)
    goOn(cluster, propose, 0, () => true)
    for (const replica of away) cluster.restart(replica)
  }
  goOn(cluster, propose, 100, () => isAgreed(cluster))
}

/** Something is committed, and in the end what is asked for is so. */
function goOn(
  cluster: SimulatedCluster,
  propose: () => void,
  roundsMin: number,
  isDone: () => boolean
): void {
  const before = cluster.checkers.committedIndex
  for (let round = 0; round < roundsMax; round++) {
    cluster.tick()
    cluster.settle()
    if (round > 60 && round % 20 === 0) propose()
    if (round > roundsMin && cluster.checkers.committedIndex > before && isDone()) return
  }
  assert(false, `a healed group agrees: ${describe(cluster)}`)
}

/** Some without whom there is a quorum of every configuration that may be in force. */
function dispensable({ random, replicas }: SimulatedCluster): readonly Replica[] {
  const sides = [...replicas.values()].flatMap(({ raft }) => {
    const each = [raft.committedConfiguration, raft.configuration]
    return each.flatMap(({ voters, outgoing }) => [voters, outgoing])
  })
  const away = new Set<number>()
  for (const { id } of random.shuffle([...replicas.values()])) {
    const isEnough = sides.every((side) => {
      const left = side.filter((voter) => voter !== id && !away.has(voter))
      return side.length === 0 || 2 * left.length > side.length
    })
    if (isEnough) away.add(id)
  }
  return [...replicas.values()].filter(({ id }) => away.has(id))
}

function isAgreed({ leader, replicas }: SimulatedCluster): boolean {
  if (leader?.raft.noopApplied !== true) return false
  const { lastId, commitIndex, uncommittedBytes, configuration } = leader.raft
  if (commitIndex !== lastId.index || uncommittedBytes > 0) return false
  // Who leads and is no voter any more hands over (Raft §6).
  if (configuration.outgoing.length > 0 || !configuration.voters.includes(leader.id)) return false
  return leader.raft.progress().every(({ replica }) => {
    const raft = replicas.get(replica)?.raft
    return raft !== undefined && raft.lastId.index === lastId.index && raft.leader === leader.id
  })
}

function describe({ replicas }: SimulatedCluster): string {
  const lines = [...replicas.values()].map(({ id, raft }) => {
    const progress = raft.progress().map((item) => JSON.stringify(item))
    const configuration = describeConfiguration(raft.configuration)
    const ends = `${describeId(raft.lastId)} commit ${raft.commitIndex} first ${raft.firstIndex}`
    const who = `${id} ${raft.role} term ${raft.term}`
    return `${who} ${ends} ${configuration} ${progress.join('\n  ')}`
  })
  return ['', ...lines].join('\n')
}
