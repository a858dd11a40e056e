// Whether the data of one node can be set aside: only if every group goes on without it (storage
// rule S8).
import type { Configuration, ReplicaId } from '@holdfast/raft'
import { unpack } from '@holdfast/record'
import { nodeOf, replicaOf } from './consensus/replica-id.ts'
import type { PeerHello } from './input.ts'
import type { GroupId, NodeIdentity } from './log-store.ts'
import type { GroupReport } from './peers/peer-message.ts'

/** A group as far as the damaged directory tells. */
export interface DamagedGroup {
  readonly group: GroupId
  /** The latest that is known; null if none is. */
  readonly configuration: Configuration | null
  /** Intact entries up to here are committed. */
  readonly commit: number
}

export interface Damage {
  readonly directory: string
  /** A sentence for people. */
  readonly reason: string
  readonly identity: NodeIdentity
  /** As the store was told them. */
  readonly peers: Uint8Array | null
  /** Null: nothing is known of the groups. */
  readonly groups: readonly DamagedGroup[] | null
}

/** Whose a directory is, and which groups and peers it knows. */
type Holdings = Pick<Damage, 'identity' | 'peers' | 'groups'>

/** Who somebody is, and whether its data is damaged. */
type Introduction = Pick<PeerHello, 'clusterId' | 'node' | 'incarnation' | 'isDamaged'>

/** Of whom a group consists; while it changes, of both. */
type Members = Pick<Configuration, 'voters' | 'outgoing'>

/** What other nodes see of a group. */
type Seen = Pick<GroupReport, 'group' | 'term' | 'caughtUp'> & Members

interface PeerAddress {
  readonly node: number
  readonly address: string
}

/** The nodes that a directory knew, without its own. */
export function knownPeers({ identity, peers }: Holdings): readonly PeerAddress[] {
  const known = peers === null ? [] : (unpack(peers) as readonly PeerAddress[])
  return known.filter(({ node }) => node !== identity.node)
}

/**
 * Whether every group has a majority without this directory: of replicas that answer, with the data
 * of their incarnation and undamaged. Of whom a group consists its leader says, if `seen` has one:
 * a damaged log may end before the last change. Where nobody says so, the group waits for a leader;
 * where not even the groups are known, all other nodes must answer besides, and be two at least.
 */
export function isExpendable(
  holdings: Holdings,
  answers: readonly Introduction[],
  seen: readonly Seen[] = []
): boolean {
  const { identity, groups } = holdings
  const self = replicaOf(identity.node, identity.incarnation)
  const live = new Set<ReplicaId>()
  for (const { clusterId, node, incarnation, isDamaged } of answers) {
    const isOurs = clusterId === identity.clusterId && isDamaged !== true
    if (isOurs && node !== null && incarnation !== null) live.add(replicaOf(node, incarnation))
  }
  const hasMajority = (voters: readonly ReplicaId[]): boolean => {
    if (!voters.includes(self)) return true
    return voters.filter((voter) => voter !== self && live.has(voter)).length > voters.length / 2
  }
  const members = new Map<GroupId, Members | null>()
  for (const { group, configuration } of groups ?? []) members.set(group, configuration)
  for (const { group } of seen) members.set(group, members.get(group) ?? null)
  for (const report of ledGroups(seen)) members.set(report.group, report)
  if (groups === null || groups.length === 0) {
    const others = knownPeers(holdings)
    const liveNodes = new Set([...live].map(nodeOf))
    const areAllLive = others.length >= 2 && others.every(({ node }) => liveNodes.has(node))
    if (!areAllLive || !members.has(0)) return false
  }
  return [...members.values()].every((known) => {
    if (known === null || known.voters.length === 0) return false
    return hasMajority(known.voters) && hasMajority(known.outgoing)
  })
}

/** What leaders say; those of later terms come later. */
function ledGroups(seen: readonly Seen[]): readonly Seen[] {
  const led = seen.filter(({ caughtUp }) => caughtUp !== null)
  return led.sort((one, other) => one.term - other.term)
}
