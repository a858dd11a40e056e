// Each built test is run once, and what could disturb others runs alone.
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { builtTests, planOf } from './plan.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))

t.test('each built test is run once', async (t) => {
  const files = builtTests(root)
  t.ok(files.includes('test/dist/runner/plan.test.js'))
  t.ok(files.includes('packages/raft/dist/test/log.test.js'))
  t.same(
    planOf(files)
      .flatMap((run) => run.files)
      .sort(),
    [...files].sort()
  )
})

t.test('files of a pure package are run together, and last', async (t) => {
  const files = [
    'packages/raft/dist/test/log.test.js',
    'packages/raft/dist/test/paper.test.js',
    'packages/broker/dist/test/router-speed.test.js',
    'packages/simulator/dist/test/seeds/one.property.test.js',
    'packages/storage/dist/test/crash.test.js'
  ]
  t.same(
    planOf(files).map((run) => [run.name, run.files.length]),
    [...files.slice(2).map((file) => [file, 1]), ['packages/raft/', 2]]
  )
})
