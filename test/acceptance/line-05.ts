// Acceptance 5: under load two nodes are added and two of the first three removed, one of which
// leads the metadata group and dies in the middle once; a wiped node comes back; a dead node is
// removed.
import { eventually, type OperationView } from '@holdfast/testkit'
import { type RunContext, runLoad } from '../chaos/chaos-run.ts'
import { renderReport } from '../chaos/report.ts'
import { accept, option, type Verdict } from './verdict.ts'

/** Prints each new state of an operation, and counts them. */
function watcher(verdict: Verdict): { watch: (seen: OperationView) => void; states: Set<string> } {
  const states = new Set<string>()
  const watch = (seen: OperationView): void => {
    const state = JSON.stringify([seen.state, seen.progress])
    if (!states.has(state)) verdict.log(`    operation ${seen.id}: ${state}`)
    states.add(state)
  }
  return { watch, states }
}

async function namesNode(run: RunContext, node: number): Promise<string[]> {
  const { nodes, groups } = await run.cluster.admin.cluster()
  const naming = groups.filter((group) => [...group.voters, ...group.learners].includes(node))
  const found = naming.map((group) => `group ${group.id}`)
  return nodes.some((one) => one.id === node) ? [...found, 'the list of nodes'] : found
}

async function remove(run: RunContext, verdict: Verdict, node: number): Promise<void> {
  const { watch, states } = watcher(verdict)
  await run.faults.removeNode(node, watch)
  verdict.check(
    `removal of node ${node} could be watched`,
    states.size > 0,
    `${states.size} states`
  )
  const isForgotten = async (): Promise<boolean> => (await namesNode(run, node)).length === 0
  await eventually(`node ${node} forgotten`, isForgotten)
  verdict.check(`no configuration names node ${node}`, true)
  if (run.cluster.isAlive(node)) {
    const hasExited = (): boolean => !run.cluster.isAlive(node)
    await eventually(`exit of removed node ${node}`, hasExited, { timeoutMs: 30_000 })
  }
  run.cluster.forget(node)
}

await accept(5, 'membership under load', async (verdict) => {
  const load = { messages: option('messages', 60_000), isEndless: true, rate: 1_000 }
  const log = (sentence: string): void => verdict.log(`  ${sentence}`)
  const result = await runLoad({ name: 'line-05', seed: 5, load, log }, async (run) => {
    const { cluster, faults } = run
    await run.load.confirmed(1_000)
    const added = [await faults.addNode(3, watcher(verdict).watch)]
    // The second addition goes on although the metadata leader dies in the middle of it.
    const adding = faults.addNode(4, watcher(verdict).watch)
    const struck = await faults.strikeMetadata()
    added.push(await adding)
    await faults.startNode(struck)
    await cluster.waitReady(60_000)
    verdict.check('two nodes are added, with the metadata leader killed', true, added.join(', '))
    const leader = await faults.leaderOf(0)
    const first = [1, 2, 3].includes(leader) ? leader : 1
    // Leadership goes on to another node where the disk of this one is held up by other programs.
    const lead = async (): Promise<boolean> => {
      if ((await cluster.leaderOf(0)) === first) return true
      await cluster.admin.transfer(0, first)
      return false
    }
    const patience = { timeoutMs: 30_000, intervalMs: 1_000 }
    await eventually('metadata led by a node to be removed', lead, patience)
    await remove(run, verdict, first)
    await remove(run, verdict, [1, 2, 3].filter((id) => id !== first)[0] ?? 0)
    const wiped = added[0] ?? 0
    const { before, after } = await faults.wipe(wiped)
    verdict.check('a wiped node is a new incarnation', after > before, `${before} to ${after}`)
    const dead = added[1] ?? 0
    // Four nodes stand before, so that a majority of every group remains.
    const spare = await faults.addNode(5, watcher(verdict).watch)
    await faults.stopNodes([dead])
    await remove(run, verdict, dead)
    verdict.check(
      'a dead node can be removed',
      true,
      `node ${dead}; node ${spare} was added before`
    )
  })
  verdict.log(renderReport(result.report))
  verdict.check('no client error', result.report.errors === 0, result.report.errors)
  verdict.check('nothing confirmed is lost', result.report.isSound)
  verdict.check('the queues are empty', result.isDrained)
})
