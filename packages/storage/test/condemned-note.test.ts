// A directory that is condemned is damaged, whole as it is, until it is set aside.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commitRecord } from '@holdfast/cluster/contract'
import t from 'tap'
import { checkCondemned } from '../src/condemned-note.ts'
import { condemn, openStore, quarantine, salvage } from '../src/index.ts'

const identity = { clusterId: 'a'.repeat(32), node: 2, incarnation: 1 }

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'sound',
    (error) => `${error.code}: ${error.details.reason}`
  )
}

t.test('a note of any kind condemns', async (t) => {
  const directory = t.testdir()
  t.equal(await codeOf(checkCondemned(directory)), 'sound')
  await condemn(directory, 'it had more')
  t.equal(await codeOf(checkCondemned(directory)), 'DATA_DAMAGED: it had more')
  await writeFile(join(directory, 'condemned'), '')
  t.match(await codeOf(checkCondemned(directory)), 'DATA_DAMAGED')
})

t.test('a store that is condemned is found damaged, and known for what it is', async (t) => {
  const directory = join(t.testdir(), 'data')
  const store = await openStore({ directory })
  await store.write(commitRecord(1, { identity }))
  await condemn(directory, 'it had more')
  await store.close()
  for (const _ of [1, 2]) {
    t.equal(await codeOf(openStore({ directory })), 'DATA_DAMAGED: it had more')
  }
  const salvaged = await salvage(directory)
  t.same(salvaged.identity, identity)
  t.equal(salvaged.groups?.length, 0)
  await salvaged.store.close()
  await quarantine(directory)
  const blank = await openStore({ directory })
  t.equal(blank.recovered.identity, null)
  await blank.close()
})
