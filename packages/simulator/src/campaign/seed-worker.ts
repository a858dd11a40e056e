// A thread of a campaign: runs one seed after the other, as it is told.
import { parentPort } from 'node:worker_threads'
import { drawPlan } from '../plan/draw.ts'
import { runPlan } from '../run.ts'
import { failedResult, resultOf } from './result.ts'

async function run(seed: number): Promise<void> {
  const startedMs = performance.now()
  try {
    const outcome = await runPlan(drawPlan(seed))
    parentPort?.postMessage(resultOf(seed, outcome, performance.now() - startedMs))
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    parentPort?.postMessage(failedResult(seed, what, performance.now() - startedMs))
  }
}

parentPort?.on('message', (seed: number) => void run(seed))
