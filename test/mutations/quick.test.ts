// The simulator still sees: eleven deliberate bugs of eleven kinds, each found within a few seeds.
// The hunt for all of them is `npm run sim:mutations`.
import t from 'tap'
import { findMutation } from './catalogue.ts'
import { huntSeeds } from './hunter.ts'

/** Far more than it takes. */
const seedsMax = 40
/** With small plans here, that show most of the bugs soon. */
const first = 5

const quarries = [
  ['second-vote-in-a-term', 'group'],
  ['missing-no-op', 'group'],
  ['append-accepted-before-sync', 'group'],
  ['previous-entry-not-compared', 'group'],
  ['old-term-committed-by-counting', 'group'],
  ['half-is-a-majority', 'group'],
  ['store-writes-without-sync', 'store'],
  ['live-entry-freed-by-a-settlement', 'cluster'],
  ['mark-lost-in-a-snapshot', 'cluster'],
  ['confirm-before-commit', 'cluster'],
  ['requeue-loses-the-attempt', 'cluster']
] as const

for (const [name, ground] of quarries) {
  t.test(`${name} is caught`, async (t) => {
    t.equal(findMutation(name).catches, 'simulator')
    const { tried, found } = await huntSeeds(name, { ground, first, last: first + seedsMax - 1 })
    t.comment(`seed ${tried}: ${found}`)
    t.not(found, null)
  })
}

t.test('what is not mutated is not caught', async (t) => {
  const { found } = await huntSeeds('', { ground: 'group', first: 1, last: 20 })
  t.equal(found, null)
})
