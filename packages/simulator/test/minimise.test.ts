// Making a failing plan small: what does not matter for the failure goes, what does stays.
import t from 'tap'
import { minimise } from '../src/minimise.ts'
import { drawPlan } from '../src/plan/draw.ts'
import type { Plan } from '../src/plan/plan.ts'

const seed = 5

function hasKinds({ faults }: Plan, ...kinds: readonly string[]): boolean {
  return kinds.every((kind) => faults.some((fault) => fault.kind === kind))
}

t.test('two faults that fail together are what is left', async (t) => {
  const plan = drawPlan(seed)
  const kinds = [...new Set(plan.faults.map(({ kind }) => kind))]
  const [one = '', other = ''] = [kinds.at(0), kinds.at(-1)]
  t.ok(plan.faults.length > 10)
  const fails = async (candidate: Plan): Promise<boolean> => hasKinds(candidate, one, other)
  const small = await minimise(plan, { fails, runsMax: 500 })
  t.same(new Set(small.faults.map(({ kind }) => kind)), new Set([one, other]))
  t.equal(small.faults.length, 2)
  t.equal(small.nodes, 1)
  t.equal(small.clients.messages, 1)
  t.equal(small.network.lossChance, 0)
})

t.test('what matters beside the faults stays', async (t) => {
  const plan = { ...drawPlan(seed), nodes: 5, deadMax: 1 }
  const fails = async ({ nodes, deadMax }: Plan): Promise<boolean> => nodes >= 3 && deadMax > 0
  const small = await minimise(plan, { fails, runsMax: 500 })
  t.match(small, { nodes: 3, deadMax: 1, faults: [] })
})

t.test('the number of runs is bounded', async (t) => {
  let runs = 0
  const fails = async (): Promise<boolean> => {
    runs += 1
    return false
  }
  const plan = drawPlan(seed)
  t.equal(await minimise(plan, { fails, runsMax: 7 }), plan)
  t.equal(runs, 7)
})
