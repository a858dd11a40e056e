// The checker finds a broker that confirms before it syncs: a piece in which all nodes are killed
// together loses what was confirmed, and its verdict says so.
import { rmSync } from 'node:fs'
import t from 'tap'
import { type PieceResult, runPiece } from './piece.ts'
import type { StrikeName } from './strikes.ts'

t.setTimeout(280_000)

/** Three nodes on loopback, killed together some times. */
async function killed(preload: string | null): Promise<PieceResult> {
  const strikes: StrikeName[] = ['kill-all', 'kill-all']
  const module = preload === null ? '' : new URL(preload, import.meta.url).href
  return runPiece({
    seed: 3,
    seconds: 120,
    nodes: 3,
    load: { rate: 400, publishers: 3 },
    isTimed: false,
    next: () => strikes.pop() ?? 'end',
    network: null,
    isKept: false,
    environment: preload === null ? {} : { NODE_OPTIONS: `--import ${module}` },
    log: () => {}
  })
}

t.test('a broker that confirms before it syncs is found out', async (t) => {
  const { report, directory } = await killed('./confirm-before-sync-preload.js')
  rmSync(directory, { recursive: true, force: true })
  t.ok((report.violations.lost?.count ?? 0) > 0, 'confirmed messages are lost')
  const { prefix, middle, postfix } = report.lost
  t.equal(prefix + middle + postfix, report.violations.lost?.count)
  t.ok(Object.keys(report.lostByQueue).length > 0, 'the report names the queues')
})

t.test('the same broker without the bug passes', async (t) => {
  const { report, isDrained } = await killed(null)
  t.same(report.violations, {})
  t.equal(report.errors, 0)
  t.ok(isDrained)
})
