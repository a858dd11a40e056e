// A ledger outlives the process that writes it, wherever that was killed.
import { rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { LedgerFile } from '../src/ledger-file.ts'
import { temporaryDirectory } from '../src/temporary-directory.ts'

t.test('lines are read as they were added, by the same process and the next', async (t) => {
  const path = join(temporaryDirectory(t), 'deep', 'ledger.jsonl')
  const ledger = new LedgerFile<{ seed: number }>(path)
  t.same(ledger.read(), [])
  ledger.append({ seed: 1 })
  ledger.append({ seed: 2 })
  t.same(ledger.read(), [{ seed: 1 }, { seed: 2 }])
  t.same(new LedgerFile(path).read(), [{ seed: 1 }, { seed: 2 }])
})

t.test('a cut at any byte costs the last line alone, and none that follows', async (t) => {
  const path = join(temporaryDirectory(t), 'ledger.jsonl')
  const lines = [{ name: 'Zürich' }, { name: 'a\nb' }]
  const bytes = Buffer.byteLength(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const firstBytes = Buffer.byteLength(JSON.stringify(lines[0]))
  for (let size = bytes; size >= 0; size -= 1) {
    rmSync(path, { force: true })
    const ledger = new LedgerFile(path)
    for (const line of lines) ledger.append(line)
    truncateSync(path, size)
    new LedgerFile(path).append({ name: 'next' })
    // The last newline may be missing: its line is whole.
    const whole = size >= bytes - 1 ? 2 : size >= firstBytes ? 1 : 0
    t.same(new LedgerFile(path).read(), [...lines.slice(0, whole), { name: 'next' }], `${size}`)
  }
})
