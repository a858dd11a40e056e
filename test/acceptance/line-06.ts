// Acceptance 6: without a quorum publishes wait, then fail with the outcome unknown, and resume
// when a node returns; a leader stopped for 10 s neither answers stale nor delivers what another
// has.
import { setTimeout as delay } from 'node:timers/promises'
import { codeOf, eventually, within } from '@holdfast/testkit'
import { runLoad } from '../chaos/chaos-run.ts'
import { renderReport } from '../chaos/report.ts'
import { drain, fill, numberedBody, withScene } from './cluster-scene.ts'
import { sleepThrough } from './sleeping-leader.ts'
import { accept, option } from './verdict.ts'

await accept(6, 'no quorum, and a leader that sleeps', async (verdict) => {
  await withScene('line-06', {}, async ({ cluster, connect, connection }) => {
    const queue = 'quorum'
    await connection.declareQueue(queue)
    await fill(connection, { queue, count: 1_000, size: 100 })
    const timeoutMs = 5_000
    const hasty = await connect(cluster.clientAddresses(), { publishTimeoutMs: timeoutMs })
    await hasty.publish('', queue, numberedBody(1_000, 100))
    for (const id of [2, 3]) await cluster.kill(id)
    const startMs = performance.now()
    const error = await hasty.publish('', queue, numberedBody(1_001, 100)).then(
      () => null,
      (reason: unknown) => reason
    )
    const waitedMs = Math.round(performance.now() - startMs)
    const code = error === null ? 'confirmed' : codeOf(error)
    verdict.check(
      'a publish fails with its outcome unknown',
      code === 'PUBLISH_OUTCOME_UNKNOWN',
      code
    )
    const reason = error instanceof Error ? error.message : ''
    verdict.check('and says why', reason.length > 20, reason)
    const isTimely = waitedMs >= timeoutMs - 100 && waitedMs <= timeoutMs + 2_000
    verdict.check('after the timeout', isTimely, `${waitedMs} ms of ${timeoutMs}`)
    const waiting = connection.publish('', queue, numberedBody(1_002, 100))
    await delay(1_000)
    cluster.restart(2)
    await within('confirm after a node returned', 20_000, waiting)
    verdict.check('a waiting publish resumes when a node returns', true)
    await hasty.publish('', queue, numberedBody(1_003, 100))
    verdict.check('the connection that failed goes on', true)
    cluster.restart(3)
    await cluster.waitReady()
    // 1,001 may have come or not.
    const look = async (): Promise<number | null> => (await cluster.admin.queue(queue)).ready
    const ready = await eventually('the depth of the queue', look)
    const isWhole = ready === 1_003 || ready === 1_004
    verdict.check('nothing confirmed is lost', isWhole, `${ready} ready`)
    const drained = await drain(connection, queue, ready)
    verdict.check('all can be consumed, once', drained.duplicates === 0, drained.count)
    await hasty.close()
  })
  await withScene('line-06-sleep', {}, async (scene) => {
    const { answers } = await sleepThrough(scene, 10_000)
    for (const { question, answer, isRight } of answers) {
      verdict.check(`not stale: ${question}`, isRight, answer)
    }
  })
  const load = { messages: option('messages', 30_000), isEndless: true, rate: 1_000 }
  const log = (sentence: string): void => verdict.log(`  ${sentence}`)
  const result = await runLoad({ name: 'line-06-pause', seed: 6, load, log }, async (run) => {
    for (let round = 1; round <= option('rounds', 3); round += 1) {
      const group = await run.faults.pickGroup('chaos.')
      const node = await run.faults.pauseLeader(group, 10_000, async () => {
        const before = run.load.progress().confirmed
        await run.load.confirmed(before + 500, 10_000)
      })
      log(`node ${node} slept for 10 s; the others went on`)
      await delay(1_000)
    }
  })
  verdict.log(renderReport(result.report))
  verdict.check('nothing stale is delivered, nothing lost', result.report.isSound)
  verdict.check('no error in application code', result.report.errors === 0, result.report.errors)
})
