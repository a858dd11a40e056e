// How often nodes of a run gave up what they led because their disk did not answer, as their logs
// say: a long gap in such a run says something about the disk.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a node logs then. */
export const stallSentence = 'the disk is slow: leadership is given up'

/** Of all nodes of a cluster on one machine, whose data and logs are in `data`. */
export function countDiskStalls(data: string): number {
  const logs = readdirSync(data).filter((name) => /^node-\d+\.log$/.test(name))
  const texts = logs.map((name) => readFileSync(join(data, name), 'utf8'))
  return texts.reduce((sum, text) => sum + text.split(stallSentence).length - 1, 0)
}
