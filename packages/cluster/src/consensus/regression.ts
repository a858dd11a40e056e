// Storage rule S9, at the node whose disk took back what it had acknowledged: the leader of a group
// finds that out, counts the replica for no commit, and says so in its reports. What else is gone
// nobody knows, so that the data is set aside and copied anew, as other damage is (rule S8), once
// every group has a majority without it. Until then the node goes on: the others may need its vote.

import type { Core } from '../core.ts'
import { log } from '../core.ts'
import { isExpendable } from '../expendable.ts'
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { GroupReport } from '../peers/peer-message.ts'
import { nodeOf } from './replica-id.ts'

export class Regression {
  readonly #core: Core
  /** Groups whose leaders say that the replica here has regressed: when they said so last. */
  readonly #saidAtMs = new Map<GroupId, number>()

  constructor(core: Core) {
    this.#core = core
  }

  /** What the leader of a group tells of it. */
  reported({ group, term, regressed = [] }: GroupReport): void {
    const { groups, clock } = this.#core
    const raft = groups.get(group)?.raft
    // Who was deposed, and does not know it yet, is not to be believed.
    if (raft === undefined || term < raft.term) return
    if (regressed.includes(groups.selfReplica)) this.#saidAtMs.set(group, clock.nowMs)
    else this.#saidAtMs.delete(group)
  }

  tick(): void {
    const { nowMs } = this.#core.clock
    for (const [group, atMs] of this.#saidAtMs) {
      if (nowMs - atMs > times.statusValidMs) this.#saidAtMs.delete(group)
    }
    const [group] = this.#saidAtMs.keys()
    if (group === undefined || !this.#canBeSpared()) return
    const reason = `entries of group ${group} that were acknowledged are not there any more`
    log(this.#core, 'error', 'the disk has taken back what was durable; its data is set aside', {
      group
    })
    this.#core.outputs.push({ type: 'condemn', reason })
  }

  /**
   * A shard has heard a later process of this replica than this one: the data here is an earlier
   * copy of itself, and whatever is published through it would be refused.
   */
  outlived(group: GroupId): void {
    const reason = `group ${group} knows a later process of this node: its data is an earlier copy`
    log(this.#core, 'error', 'the data of this node is an earlier copy of itself', { group })
    const isSpared = this.#canBeSpared()
    this.#core.outputs.push(
      isSpared ? { type: 'condemn', reason } : { type: 'exit', code: 70, reason }
    )
  }

  /**
   * With replicas that are there now, and of which no leader says the same: whoever has links here,
   * since the metadata may be of the past as well.
   */
  #canBeSpared(): boolean {
    const { contact, groups, identity, peers, reports } = this.#core
    if (identity === null) return false
    const doubted = new Set(reports.regressed().map(nodeOf))
    const incarnations = new Map<number, number>()
    for (const { node, incarnation } of peers.links()) {
      if (node === null || incarnation === null) continue
      incarnations.set(node, Math.max(incarnation, incarnations.get(node) ?? 0))
    }
    const answers = []
    for (const [node, incarnation] of incarnations) {
      const isThere = peers.isUp(node) && contact.isHeard(node) && !doubted.has(node)
      if (isThere) answers.push({ clusterId: identity.clusterId, node, incarnation })
    }
    const held = groups.all().flatMap(({ id, raft }) => {
      const { configuration, commitIndex: commit } = raft
      return configuration.voters.length === 0 ? [] : [{ group: id, configuration, commit }]
    })
    const seen = reports.heardFromLeaders().filter((report) => this.#knowsLess(report))
    return isExpendable({ identity, peers: null, groups: held }, answers, seen)
  }

  /** Whether the log of a group may end here before the last change of its members. */
  #knowsLess({ group, commit }: GroupReport): boolean {
    const { lastId } = this.#core.groups.get(group)?.raft ?? {}
    return lastId === undefined || lastId.index < commit || this.#saidAtMs.has(group)
  }
}
