// Under load a node is added and another removed, by the admin API: no error in application code,
// nothing lost, and no configuration names the removed node.
import { rmSync } from 'node:fs'
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { runLoad } from '../chaos/chaos-run.ts'

t.setTimeout(280_000)

t.test('a node is added and one removed under load', async (t) => {
  const load = { messages: 1_000, isEndless: true, rate: 150, sizes: 'small' as const }
  const log = (line: string): void => t.comment(line)
  const result = await runLoad({ name: 'membership', seed: 1, load, log }, async (run) => {
    await run.load.confirmed(300)
    const added = await run.faults.addNode(3, ({ state, progress }) => {
      t.comment(`${state} ${JSON.stringify(progress)}`)
    })
    const removed = await run.faults.leaderOf(0)
    await run.faults.removeNode(removed)
    // The node that is asked may be told later than the leader of the metadata.
    const seen = await eventually('no group has the removed node', async () => {
      const { nodes, groups } = await run.cluster.admin.cluster()
      const members = groups.flatMap(({ voters, learners }) => [...voters, ...learners])
      return members.includes(removed) ? null : { nodes, groups }
    })
    t.notOk(seen.nodes.some((node) => node.id === removed && node.state !== 'leaving'))
    t.ok(seen.groups.every((group) => group.voters.includes(added)))
    const hasExited = (): boolean => !run.cluster.isAlive(removed)
    await eventually('the removed node ends by itself', hasExited, { timeoutMs: 30_000 })
    run.cluster.forget(removed)
  })
  t.same(result.report.violations, {})
  t.same(result.report.errorExamples, [])
  t.ok(result.isDrained)
  rmSync(result.directory, { recursive: true, force: true })
})
