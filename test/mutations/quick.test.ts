// The simulator still sees: ten deliberate bugs of ten kinds, each found within a few seeds. The
// hunt for all of them is `npm run sim:mutations`.
import t from 'tap'
import { findMutation } from './catalogue.ts'
import { huntSeeds } from './hunter.ts'

/** Far more than it takes. */
const seedsMax = 60

const names = [
  'second-vote-in-a-term',
  'missing-no-op',
  'append-accepted-before-sync',
  'previous-entry-not-compared',
  'applied-before-durable',
  'half-is-a-majority',
  'live-entry-freed-by-a-settlement',
  'mark-lost-in-a-snapshot',
  'confirm-of-the-unroutable',
  'requeue-loses-the-attempt'
] as const

for (const name of names) {
  t.test(`${name} is caught`, async (t) => {
    t.equal(findMutation(name).catches, 'simulator')
    const { tried, found } = await huntSeeds(name, 1, seedsMax)
    t.comment(`seed ${tried}: ${found}`)
    t.not(found, null)
  })
}

t.test('what is not mutated is not caught', async (t) => {
  const { found } = await huntSeeds('', 1, 3)
  t.equal(found, null)
})
