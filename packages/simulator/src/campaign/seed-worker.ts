// A thread of a campaign: runs one seed after the other, as it is told.
import { parentPort, workerData } from 'node:worker_threads'
import { drawPlan } from '../plan/draw.ts'
import { runPlan } from '../run.ts'
import { failedResult, resultOf } from './result.ts'

/** What all seeds of a campaign have in common. */
export interface SeedWorkerData {
  readonly isLong: boolean
}

const { isLong } = workerData as SeedWorkerData

async function run(seed: number): Promise<void> {
  const startedMs = performance.now()
  try {
    const outcome = await runPlan(drawPlan(seed, isLong))
    parentPort?.postMessage(resultOf(seed, outcome, performance.now() - startedMs))
  } catch (error) {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
    parentPort?.postMessage(failedResult(seed, what, performance.now() - startedMs))
  }
}

parentPort?.on('message', (seed: number) => void run(seed))
