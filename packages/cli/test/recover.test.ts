// `holdfast recover`: what it demands, and how it tells what is lost.
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { describeReport } from '../src/commands/recover.ts'
import { run } from '../src/main.ts'
import { FakeSurroundings } from './fake-surroundings.ts'

t.test('nothing is done without --accept-loss, and nothing made of nothing', async (t) => {
  const directory = join(t.testdir(), 'data')
  await mkdir(directory)
  const surroundings = new FakeSurroundings()
  const code = await run(['recover', '--data', directory], surroundings)
  t.equal(code, 1)
  t.match(surroundings.complaints[0], /accept-loss.*OPTION_INVALID/)
  t.equal(await run(['recover', '--data', directory, '--accept-loss'], surroundings), 1)
  t.match(surroundings.complaints.join(), /DATA_UNRECOVERABLE/)
})

t.test('each loss is named', async (t) => {
  const base = { isWhole: false, lastIndex: 9, lost: null, commit: 0, damaged: [] }
  const losses = [
    { ...base, group: 1, lost: { first: 10, last: 12 }, commit: 11, damagedMessages: null },
    { ...base, group: 2, lost: { first: 10, last: 12 }, commit: 9, damagedMessages: null },
    { ...base, group: 3, damaged: [4, 7], damagedMessages: 20 },
    { ...base, group: 4, isWhole: true, lost: { first: 1, last: 5 }, damagedMessages: null }
  ]
  t.same(describeReport({ directory: '/d', aside: '/d.damaged-1', losses, kept: [0, 1, 2, 3] }), [
    'recovered /d: 4 groups',
    'what was damaged is kept in /d.damaged-1',
    'group 1: entries 10 to 12 are lost (committed up to 11 at least), kept up to 9',
    'group 2: entries 10 to 12 are lost (none known as committed), kept up to 9',
    'group 3: entries 4, 7 are damaged with 20 messages',
    'group 4: all of it is lost',
    'group 4: entries 1 to 5 are lost (none known as committed)',
    'What another node has of this comes back when both run.'
  ])
  t.match(describeReport({ directory: '/d', aside: '/a', losses: [], kept: [] }), [
    /^recovered/,
    /kept in/,
    /nothing is lost/
  ])
})
