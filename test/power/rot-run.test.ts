// Bits of one node's files flip, or its disk is blank: it comes back, and nothing is lost or
// altered. `npm run test:rot` does so as often as you like.
import { chooseSeed, makeTemporaryDirectory, removeDirectory } from '@holdfast/testkit'
import t from 'tap'
import { type RotDone, RotRun } from './rot-run.ts'

t.setTimeout(280_000)

for (const damage of ['flip', 'blank'] as const) {
  t.test(`a cluster outlives '${damage}' on one of its nodes`, async (t) => {
    const seed = chooseSeed()
    const directory = makeTemporaryDirectory('rot')
    t.teardown(() => removeDirectory(directory))
    const done: RotDone[] = []
    const onRot = (one: RotDone): void => void done.push(one)
    const options = { directory, seed, runs: 1, damage, rate: 100, onRot }
    const found = `SEED=${seed}`
    t.comment(found)
    const report = await new RotRun(options).run()
    t.same(report.violations, {}, found)
    t.same(report.errorExamples, [], found)
    t.ok(report.isSound, found)
    t.equal(done.length, 1)
    const incarnation = done.at(-1)?.incarnation ?? 0
    if (damage === 'blank') t.ok(incarnation > 1, `incarnation ${incarnation}`)
    else for (const { rot } of done) t.ok((rot?.places.length ?? 0) > 0, `bits of ${rot?.file}`)
  })
}
