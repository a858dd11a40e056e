// Majorities against brute force: every subset of small configurations, single and joint.

import { Random } from '@holdfast/testkit'
import t from 'tap'
import type { Configuration } from '../src/index.ts'
import { agreedValue, isQuorum, voteResult } from '../src/quorum.ts'

const seed = 20_140_800

function randomConfiguration(random: Random): Configuration {
  const pick = (): number[] => [1, 2, 3, 4, 5, 6, 7].filter(() => random.chance(0.5))
  const voters = pick()
  return { voters, outgoing: voters.length > 0 && random.chance(0.5) ? pick() : [], learners: [] }
}

/** More than half of the group is in the set; an empty group demands nothing. */
function isMajority(group: readonly number[], has: (id: number) => boolean): boolean {
  return group.filter(has).length * 2 > group.length
}

function hasBoth(configuration: Configuration, has: (id: number) => boolean): boolean {
  const { voters, outgoing } = configuration
  return isMajority(voters, has) && (outgoing.length === 0 || isMajority(outgoing, has))
}

t.test(`the agreed value is the highest that both majorities reached, seed ${seed}`, async (t) => {
  const random = new Random(seed)
  for (let round = 0; round < 20_000; round++) {
    const configuration = randomConfiguration(random)
    const values = new Map([1, 2, 3, 4, 5, 6, 7].map((id) => [id, random.below(6)]))
    const progressed = (id: number): number => values.get(id) ?? 0
    let expected = 0
    for (let value = 1; value < 6; value++) {
      if (hasBoth(configuration, (id) => progressed(id) >= value)) expected = value
    }
    const found = agreedValue(configuration, progressed)
    if (found !== expected) t.equal(found, expected, JSON.stringify({ configuration, round }))
  }
})

t.test(`elections are won, lost or open as brute force says, seed ${seed}`, async (t) => {
  const random = new Random(seed)
  for (let round = 0; round < 20_000; round++) {
    const configuration = randomConfiguration(random)
    const votes = new Map<number, boolean>()
    for (let id = 1; id <= 7; id++) if (random.chance(0.6)) votes.set(id, random.chance(0.6))
    const isWon = hasBoth(configuration, (id) => votes.get(id) === true)
    const canBeWon = hasBoth(configuration, (id) => votes.get(id) !== false)
    const expected = isWon ? 'won' : canBeWon ? 'pending' : 'lost'
    const found = voteResult(configuration, votes)
    if (found !== expected) t.equal(found, expected, JSON.stringify({ configuration, round }))
    const has = (id: number): boolean => votes.get(id) === true
    if (isQuorum(configuration, has) !== isWon) t.fail(`isQuorum ${round}`)
  }
})

t.test('two quorums of one configuration, or of neighbours in a change, overlap', async (t) => {
  const old = { voters: [1, 2, 3], outgoing: [], learners: [] }
  const joint = { voters: [3, 4, 5, 6], outgoing: [1, 2, 3], learners: [] }
  const next = { voters: [3, 4, 5, 6], outgoing: [], learners: [] }
  const ids = [1, 2, 3, 4, 5, 6]
  const subsets = Array.from({ length: 64 }, (_, bits) =>
    ids.filter((id) => bits & (1 << (id - 1)))
  )
  for (const [left, right] of [
    [old, old],
    [old, joint],
    [joint, joint],
    [joint, next],
    [next, next]
  ] as const) {
    for (const one of subsets.filter((set) => isQuorum(left, (id) => set.includes(id)))) {
      for (const two of subsets.filter((set) => isQuorum(right, (id) => set.includes(id)))) {
        if (!one.some((id) => two.includes(id))) t.fail(`${one} and ${two} do not overlap`)
      }
    }
  }
})

t.test('nobody is a quorum of nobody', async (t) => {
  const nobody = { voters: [], outgoing: [], learners: [1] }
  t.equal(
    agreedValue(nobody, () => 9),
    0
  )
  t.equal(voteResult(nobody, new Map([[1, true]])), 'lost')
  t.notOk(isQuorum(nobody, () => true))
})
