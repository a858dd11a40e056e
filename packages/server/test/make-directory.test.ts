// Directories that can be made, and those that cannot.
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeDirectory } from '../src/make-directory.ts'

t.test('makes what is missing, for its owner only, and leaves what is there', async (t) => {
  const directory = join(t.testdir(), 'a', 'b')
  makeDirectory(directory)
  makeDirectory(directory)
  t.equal(statSync(directory).mode & 0o777, 0o700)
})

t.test('says why it cannot, and ends', async (t) => {
  const file = join(t.testdir(), 'file')
  writeFileSync(file, '')
  for (const directory of [file, join(file, 'below'), '/proc/holdfast/data']) {
    t.throws(() => makeDirectory(directory), { code: 'DATA_DIRECTORY_UNUSABLE' }, directory)
  }
})
