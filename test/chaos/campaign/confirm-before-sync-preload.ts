// A deliberate bug, loaded into nodes (NODE_OPTIONS --import) to prove that the checker finds it: a
// write is reported as durable at once and done a little later, as if nobody had synced it. What is
// confirmed meanwhile is lost if all nodes die together.
import { setTimeout as delay } from 'node:timers/promises'
import type { CommitRecord } from '@holdfast/cluster'
import { LevelStore } from '@holdfast/storage'

const lateMs = 150
const { write } = LevelStore.prototype
let last: Promise<void> = Promise.resolve()

LevelStore.prototype.write = function (this: LevelStore, record: CommitRecord): Promise<void> {
  last = Promise.all([last, delay(lateMs)]).then(() => write.call(this, record))
  return Promise.resolve()
}
