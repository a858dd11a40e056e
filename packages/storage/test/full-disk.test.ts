// A disk that takes no more, and then has room again: LevelDB would lose everything that it
// acknowledges in between. The store ends with the first write that fails, so that there is no in
// between. A limit on the size of files stands for the disk; LevelDB meets it in the middle of a
// record of its write-ahead log.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { openStore } from '../src/index.ts'

t.setTimeout(280_000)

const writer = fileURLToPath(new URL('./writer-process.js', import.meta.url))

/** Runs the writer with files of so many KiB at most, until it fails; what it acknowledged. */
async function writeUntilFull(directory: string, fileKiB: number): Promise<number> {
  const script = `trap '' XFSZ; ulimit -f ${fileKiB}; exec "$0" "$1" "$2"`
  const child = spawn('bash', ['-c', script, process.execPath, writer, directory], {
    stdio: ['ignore', 'pipe', 'ignore']
  })
  const [output] = await Promise.all([text(child.stdout), once(child, 'close')])
  return Number(output.trimEnd().split('\n').at(-1)?.replace('opened ', ''))
}

t.test('what was acknowledged before the disk was full is there, again and again', async (t) => {
  const directory = join(t.testdir(), 'data')
  let acknowledged = 0
  for (const fileKiB of [96, 150, 200]) {
    const last = await writeUntilFull(directory, fileKiB)
    t.ok(last >= acknowledged, `${last} records at ${fileKiB} KiB a file`)
    acknowledged = last
    const store = await openStore({ directory, tuning: { checkpointOnClose: false } })
    const { lastRecord, groups } = store.recovered
    // The write that failed may be whole on the disk.
    t.ok(lastRecord === acknowledged || lastRecord === acknowledged + 1)
    t.equal(groups[0]?.lastIndex, lastRecord)
    await store.close()
    acknowledged = lastRecord
  }
  t.ok(acknowledged > 10, `${acknowledged} records`)
})
