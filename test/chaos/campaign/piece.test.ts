// The checker finds a broker that confirms before it syncs: a piece in which all nodes are killed
// together takes back what was confirmed, and its verdict says so.
import { rmSync } from 'node:fs'
import { WaitError } from '@holdfast/testkit'
import t from 'tap'
import { type PieceResult, runPiece } from './piece.ts'
import type { StrikeName } from './strikes.ts'

t.setTimeout(280_000)

t.test('a broker that confirms before it syncs is found out', async (t) => {
  const strikes: StrikeName[] = ['kill-all']
  const bug = new URL('./confirm-before-sync-preload.js', import.meta.url).href
  const piece = runPiece({
    seed: 3,
    seconds: 120,
    nodes: 3,
    load: { rate: 100, publishers: 3 },
    isTimed: false,
    next: () => strikes.pop() ?? 'end',
    network: null,
    isKept: false,
    isLeftStuck: true,
    environment: { NODE_OPTIONS: `--import ${bug}` },
    log: () => {}
  })
  // Replicas that find their logs at odds stop, and the piece comes to no verdict.
  const result = await piece.catch((error: unknown) => error)
  if (result instanceof WaitError) {
    t.match(result.message, /^stuck after kill-all: /)
    return
  }
  if (result instanceof Error) throw result
  const { report, directory } = result as PieceResult
  rmSync(directory, { recursive: true, force: true })
  // What consumers had before the kill is not lost, but its offsets are given out again.
  const { lost, 'offset-conflict': conflict } = report.violations
  t.ok((lost?.count ?? 0) + (conflict?.count ?? 0) > 0, 'confirmed messages are gone')
  const { prefix, middle, postfix } = report.lost
  t.equal(prefix + middle + postfix, lost?.count ?? 0)
  t.equal(Object.keys(report.lostByQueue).length > 0, lost !== undefined, 'queues are named')
})
