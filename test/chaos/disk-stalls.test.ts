// Stalls of disks are counted by what nodes log of them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { read } from '../tidy/workspace.ts'
import { countDiskStalls, stallSentence } from './disk-stalls.ts'

t.test('stalls of disks are counted in the logs of all nodes, and nowhere else', async (t) => {
  const data = temporaryDirectory(t)
  t.equal(countDiskStalls(data), 0)
  const line = (message: string): string => `${JSON.stringify({ level: 'error', message })}\n`
  writeFileSync(join(data, 'node-0.log'), `${line(stallSentence)}${line('the disk answers again')}`)
  writeFileSync(join(data, 'node-12.log'), line(stallSentence).repeat(2))
  writeFileSync(join(data, 'test.log'), line(stallSentence))
  t.equal(countDiskStalls(data), 3)
})

t.test('the sentence is what a node logs', async (t) => {
  t.ok(read('packages/cluster/src/disk.ts').includes(`'${stallSentence}'`))
})
