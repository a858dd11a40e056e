// Elections as the metrics of the nodes count them: in a calm there are none.
import { setTimeout as delay } from 'node:timers/promises'
import type { ClusterNode } from '@holdfast/testkit'
import { adminOf } from './stage.ts'

const settledMs = 10_000
const lookMs = 1_000
const patienceMs = 90_000

/** How many elections the replicas of all nodes have begun since their processes started. */
export async function electionsOf(nodes: readonly ClusterNode[]): Promise<number> {
  let sum = 0
  for (const node of nodes) {
    const text = String(await adminOf(node).call('GET', '/metrics'))
    sum += Number(/^holdfast_elections_total (\d+)/m.exec(text)?.[1] ?? Number.NaN)
  }
  return sum
}

/** The same once none has begun for a while: a new cluster moves its leaders about at first. */
export async function electionsOnceSettled(nodes: readonly ClusterNode[]): Promise<number> {
  const endMs = performance.now() + patienceMs
  let elections = await electionsOf(nodes)
  let sinceMs = performance.now()
  while (performance.now() - sinceMs < settledMs && performance.now() < endMs) {
    await delay(lookMs)
    const now = await electionsOf(nodes)
    if (now !== elections) sinceMs = performance.now()
    elections = now
  }
  return elections
}
