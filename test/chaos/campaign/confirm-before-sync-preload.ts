// A deliberate bug, loaded into nodes (NODE_OPTIONS --import) to prove that the checker finds it:
// entries are reported as durable at once and written a little later, as if nobody had synced them.
// What is confirmed meanwhile is lost if all nodes die together. Terms and votes are synced in
// truth: with two leaders of one term the replicas find the bug themselves, and stop.
import { setTimeout as delay } from 'node:timers/promises'
import type { CommitRecord, GroupId } from '@holdfast/cluster'
import { LevelStore } from '@holdfast/storage'

const lateMs = 500
const { write } = LevelStore.prototype
const elections = new Map<GroupId, string>()
let last: Promise<void> = Promise.resolve()

function isOfElection({ groups, installs, identity }: CommitRecord): boolean {
  let isNew = installs.length > 0 || identity !== null
  for (const { group, hardState } of groups) {
    if (hardState === null) continue
    const election = `${hardState.term} ${hardState.vote}`
    if (elections.get(group) !== election) isNew = true
    elections.set(group, election)
  }
  return isNew
}

LevelStore.prototype.write = function (this: LevelStore, record: CommitRecord): Promise<void> {
  const isDurable = isOfElection(record)
  last = Promise.all([last, isDurable ? null : delay(lateMs)]).then(() => write.call(this, record))
  return isDurable ? last : Promise.resolve()
}
