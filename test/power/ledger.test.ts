// A campaign that was stopped at any moment goes on where it was.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { Checker } from '../chaos/checker.ts'
import { type DeedRow, Ledger } from './ledger.ts'
import { isAllSound, renderSummary } from './summary.ts'

const deed = (piece: number): DeedRow => {
  return { type: 'deed', piece, kind: 'all/ordered', seconds: 2, details: {} }
}
const report = new Checker({ isStrict: true }).finish()

t.test('deeds count with the verdict of their piece', async (t) => {
  const path = join(temporaryDirectory(t), 'deep', 'ledger.jsonl')
  const ledger = new Ledger(path, false)
  t.equal(ledger.nextPiece, 1)
  ledger.append(deed(1))
  ledger.append(deed(1))
  t.equal(ledger.deeds.length, 0)
  ledger.append({ type: 'verdict', piece: 1, seed: 5, isSound: true, report })
  ledger.append(deed(2))
  appendFileSync(path, '{"type":"deed","pie')
  const resumed = new Ledger(path, true)
  t.equal(resumed.deeds.length, 2)
  t.equal(resumed.nextPiece, 3, 'the piece that was stopped is not gone on with')
  t.ok(isAllSound(resumed))
  t.match(renderSummary(resumed), /all\/ordered +2 +2\n/)
  resumed.append({ type: 'failure', piece: 3, seed: 7, reason: 'it did not come back' })
  t.notOk(isAllSound(resumed))
  t.equal(new Ledger(path, false).nextPiece, 1, 'not resumed is begun anew')
})

t.test('a piece that is not sound fails the campaign', async (t) => {
  const ledger = new Ledger(join(temporaryDirectory(t), 'ledger.jsonl'), false)
  ledger.append({ type: 'verdict', piece: 1, seed: 5, isSound: false, report })
  t.notOk(isAllSound(ledger))
})
