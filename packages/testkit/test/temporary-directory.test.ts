// Directories are made, and gone at the end of their test.
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { temporaryDirectory } from '../src/temporary-directory.ts'

t.test('a directory lives as long as its test', async (t) => {
  let kept = ''
  await t.test('inside', async (t) => {
    kept = temporaryDirectory(t, 'inside')
    writeFileSync(join(kept, 'file'), 'x')
    t.ok(existsSync(kept))
    t.match(kept, /holdfast-inside-/)
  })
  t.notOk(existsSync(kept))
})
