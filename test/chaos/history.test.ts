// Histories of several processes come back in the order of time, and a line cut by a kill is left
// out.
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { type HistoryEvent, HistoryWriter, monotonicNs, readHistory } from './history.ts'

async function readAll(paths: readonly string[]): Promise<HistoryEvent[]> {
  const all: HistoryEvent[] = []
  for await (const batch of readHistory(paths)) all.push(...batch)
  return all
}

t.test('merges files by time', async (t) => {
  const directory = temporaryDirectory(t)
  const random = new Random(1)
  const paths = [1, 2, 3].map((publisher) => join(directory, `${publisher}.jsonl`))
  const writers = paths.map((path) => new HistoryWriter(path))
  const count = 5_000
  for (let at = 1; at <= count; at += 1) {
    const publisher = random.integer(1, 3)
    writers[publisher - 1]?.append({ type: 'ok', at, publisher, sequence: at })
  }
  for (const writer of writers) writer.close()
  const events = await readAll(paths)
  t.same(
    events.map((event) => event.at),
    Array.from({ length: count }, (_, at) => at + 1)
  )
})

t.test('leaves out a last line that is cut', async (t) => {
  const path = join(temporaryDirectory(t), 'cut.jsonl')
  const writer = new HistoryWriter(path)
  writer.append({ type: 'ok', at: 1, publisher: 1, sequence: 1 })
  writer.close()
  appendFileSync(path, '{"type":"ok","at":2,"publ')
  t.equal((await readAll([path])).length, 1)
})

t.test('nothing is on disk before flush, all of it after', async (t) => {
  const path = join(temporaryDirectory(t), 'flush.jsonl')
  const writer = new HistoryWriter(path)
  writer.append({ type: 'ok', at: monotonicNs(), publisher: 1, sequence: 1 })
  t.equal((await readAll([path])).length, 0)
  writer.flush()
  t.equal((await readAll([path])).length, 1)
  writer.close()
})

t.test('the clock does not go back', async (t) => {
  let last = monotonicNs()
  for (let look = 0; look < 1_000; look += 1) {
    const now = monotonicNs()
    if (now < last) t.fail(`${now} after ${last}`)
    last = now
  }
  // Not a safe one: 104 days after boot it is above 2^53.
  t.ok(Number.isInteger(last))
})
