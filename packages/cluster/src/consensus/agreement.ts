// Replicas that have applied the same entries are the same (State Machine Safety, Raft §5.4.3).
// Every so many entries each tells the others a digest of its machine (storage rule S13). The one
// that a quorum contradicts went wrong, through a defect or a bit that fell over in memory: it
// halts, and the others go on. Where there is no quorum against either, nobody can say who is
// right, and people are told.

import { digestVersion } from '@holdfast/broker'
import { isQuorum, members } from '@holdfast/raft'
import { Reports } from '../administration/reports.ts'
import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { limits } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Cast } from '../peers/peer-message.ts'
import { nodeOf } from './replica-id.ts'

type MachineDigest = Extract<Cast, { type: 'machine-digest' }>

/** What replicas said of their machines after one entry, by replica. */
type Digests = Map<number, string>

export class Agreement {
  readonly #core: Core
  /** By group and index. */
  readonly #said = new Map<GroupId, Map<number, Digests>>()
  /** What was said in this step: entries, by group. */
  readonly #fresh = new Map<GroupId, Set<number>>()

  constructor(core: Core) {
    this.#core = core
  }

  /** The replica here has applied the entry; its machine is as it was left by that. */
  applied(group: GroupId, index: number): void {
    if (index % this.#core.tuning.digestEntries !== 0) return
    const { groups, identity, peers } = this.#core
    const digest = groups.machine(group).digest()
    const replica = groups.selfReplica
    this.#note(group, index, replica, digest)
    const version = digestVersion
    const cast: Cast = { type: 'machine-digest', version, group, replica, index, digest }
    for (const node of Reports.nodes(this.#members(group))) {
      if (node !== identity?.node) peers.send(node, { type: 'cast', cast })
    }
  }

  heard(node: number, { version, group, replica, index, digest }: MachineDigest): void {
    const isKnown = version === digestVersion && index % this.#core.tuning.digestEntries === 0
    if (!isKnown || nodeOf(replica) !== node || !this.#members(group).includes(replica)) return
    this.#note(group, index, replica, digest)
  }

  #members(group: GroupId): readonly number[] {
    const raft = this.#core.groups.get(group)?.raft
    return raft === undefined ? [] : members(raft.configuration)
  }

  #note(group: GroupId, index: number, replica: number, digest: string): void {
    const byIndex = this.#said.get(group) ?? new Map<number, Digests>()
    this.#said.set(group, byIndex)
    const digests = byIndex.get(index) ?? new Map<number, string>()
    byIndex.set(index, digests)
    digests.set(replica, digest)
    this.#fresh.set(group, (this.#fresh.get(group) ?? new Set()).add(index))
    if (byIndex.size > limits.digestsMax) byIndex.delete(Math.min(...byIndex.keys()))
  }

  forget(group: GroupId): void {
    this.#said.delete(group)
    this.#fresh.delete(group)
  }

  /** At the end of a step, when no entry is half applied. */
  flush(): void {
    for (const [group, indexes] of this.#fresh) {
      const byIndex = this.#said.get(group)
      for (const index of indexes) this.#compare(group, index, byIndex?.get(index) ?? new Map())
    }
    this.#fresh.clear()
  }

  #compare(id: GroupId, index: number, digests: Digests): void {
    const { groups } = this.#core
    const group = groups.get(id)
    const own = digests.get(groups.selfReplica)
    if (group === undefined || own === undefined || group.haltedReason !== null) return
    const { configuration } = group.raft
    for (const [replica, digest] of digests) {
      if (digest === own) continue
      log(this.#core, 'error', 'replicas differ', { group: id, index, own, replica, digest })
      if (isQuorum(configuration, (voter) => digests.get(voter) === digest)) {
        const reason = `after entry ${index} its machine is not what a quorum has made of it`
        groups.halt(group, reason)
        return
      }
    }
  }
}
