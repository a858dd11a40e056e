// Five power cuts of a real cluster under load: of one node, a majority, or all at once, with names
// taken back or not. Nothing that was confirmed is lost, nothing is altered or invented, and what
// comes twice is flagged. `npm run test:power` makes as many as you like.
import { chooseSeed, makeTemporaryDirectory, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { type Cut, PowerRun } from './power-run.ts'

t.setTimeout(280_000)

t.test('nothing confirmed is lost in five power cuts', async (t) => {
  const seed = chooseSeed()
  const directory = makeTemporaryDirectory('power')
  t.teardown(() => removeDirectory(directory))
  const cuts: Cut[] = []
  const onCut = (cut: Cut): void => void cuts.push(cut)
  const common = { who: 'mix', mode: 'mix', rate: 100, onCut } as const
  const report = await new PowerRun({ ...common, directory, seed, cuts: 5 }).run()
  const found = `SEED=${seed}`
  t.same(report.violations, {}, found)
  t.same(report.errorExamples, [], found)
  t.ok(report.isSound, found)
  t.equal(cuts.length, 5)
  t.ok(report.confirmed > 200, `${report.confirmed} confirmed`)
  t.same(cuts.at(-1)?.setAside, [], 'a power cut is no damage')
  const nodes = cuts.flatMap((cut) => cut.nodes)
  // A node that is cut again at once may not have synced anything in between.
  const watched = nodes.filter(({ syncs }) => syncs > 0).map(({ node }) => node)
  t.same(new Set(watched), new Set(nodes.map(({ node }) => node)), 'every disk was watched')
  t.ok(
    nodes.some(({ cut, undone }) => cut.length + undone.length > 0),
    'something that was not synced was lost'
  )
})
