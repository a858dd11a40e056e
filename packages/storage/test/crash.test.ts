// kill -9 of a process that writes: everything it acknowledged is there, and nothing was invented.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { entryAt } from '@holdfast/cluster/contract'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { openStore } from '../src/index.ts'

const writer = fileURLToPath(new URL('./writer-process.js', import.meta.url))

/** Runs the writer until it has acknowledged some records and a random time has passed. */
async function writeAndKill(directory: string, extraMs: number): Promise<number> {
  const child = spawn(process.execPath, [writer, directory], {
    stdio: ['ignore', 'pipe', 'inherit']
  })
  let text = ''
  child.stdout.setEncoding('utf8')
  const isBusy = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: string) => {
      text += chunk
      if (text.split('\n').length > 20) resolve()
    })
  })
  await Promise.race([isBusy, once(child, 'exit')])
  await pause(extraMs)
  child.kill('SIGKILL')
  await once(child, 'close')
  const lines = text.split('\n').slice(0, -1)
  return Number(lines.at(-1)?.replace('opened ', ''))
}

t.test('what was acknowledged survives kill -9', async (t) => {
  const directory = join(t.testdir(), 'data')
  const random = new Random(42)
  for (let round = 0; round < 8; round += 1) {
    const acknowledged = await writeAndKill(directory, random.integer(0, 60))
    const store = await openStore({ directory, tuning: { checkpointOnClose: false } })
    const { lastRecord, groups } = store.recovered
    // One write may have been durable and not yet acknowledged.
    t.ok(lastRecord === acknowledged || lastRecord === acknowledged + 1, `round ${round}`)
    const [group] = groups
    t.equal(group?.lastIndex, lastRecord)
    t.same(group?.hardState, { term: lastRecord, vote: lastRecord, commit: lastRecord })
    t.equal(group?.snapshot?.meta.id.index, Math.floor(lastRecord / 10) * 10 - 5)
    for (const entry of group?.entries ?? []) {
      const expected = entryAt(entry.index, entry.index, (entry.index * 977) % 30_000)
      t.equal(Buffer.compare(entry.data, expected.data), 0)
    }
    await store.close()
  }
})
