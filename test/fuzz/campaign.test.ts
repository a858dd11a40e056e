// The fuzzer itself: it finds planted defects, by coverage where chance would not, makes them
// small, notices slow inputs, leaks and hangs, and repeats itself under the same seed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack, unpack } from '@holdfast/record'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { BlockCoverage } from './block-coverage.ts'
import { type CampaignResult, runCampaign } from './campaign.ts'
import { InputMaker } from './input-maker.ts'
import { MsgpackMutator } from './msgpack-mutator.ts'
import { resize, splice } from './resize.ts'
import { isSameValue } from './same-value.ts'
import { refusedOr, type Target } from './target.ts'

t.setTimeout(280_000)

const coverage = new BlockCoverage(/\/fuzz\/planted\/maze/)
coverage.start()
const { leak, maze, trap } = await import('./planted/maze.ts')

const plain = (run: Target['run']): Target => ({ bytesMax: 64, seeds: [new Uint8Array(4)], run })

function campaign(target: Target, inputsMax: number): Promise<CampaignResult> {
  return runCampaign({
    target,
    corpus: [],
    seed: 5,
    inputsMax,
    secondsMax: Number.POSITIVE_INFINITY,
    coverage
  })
}

t.test('coverage leads to a defect that chance would take 2^32 inputs for', async (t) => {
  const { findings, corpus, reached } = await campaign(plain(maze), 200_000)
  t.equal(findings.length, 1)
  t.same([...(findings[0]?.input ?? [])], [0x48, 0x4f, 0x4c, 0x44], 'and it is made small')
  t.match(findings[0]?.error, /the end of the maze[\s\S]*maze\.[jt]s/, 'with its stack')
  t.ok(corpus.length >= 4, 'each step on the way was kept')
  t.ok(reached > 0)
})

t.test('an input that takes too long is a finding', async (t) => {
  const { findings, slowestMs } = await campaign(plain(trap), 100)
  t.match(findings[0]?.sentence, /takes more than/)
  t.ok(slowestMs > 100)
})

t.test('memory that every input keeps is seen', async (t) => {
  const { grownBytes } = await campaign(plain(leak), 40_000)
  t.ok(grownBytes > 6 * 2 ** 20, `${grownBytes} bytes`)
})

t.test('the same seed makes the same inputs', async (t) => {
  const made = (seed: number): string => {
    const maker = new InputMaker(plain(maze), [pack({ a: [1, 2] })], new Random(seed))
    return Array.from({ length: 50 }, () => Buffer.from(maker.make()).toString('hex')).join()
  }
  t.equal(made(3), made(3))
  t.not(made(3), made(4))
})

t.test('a change of length keeps the lengths around it true', async (t) => {
  const input = Uint8Array.of(9, 0, 0, 0, 4, 1, 2, 3, 4, 9)
  const added = Uint8Array.of(7, 7)
  t.same([...resize(input, 6, 1, added, 4)], [9, 0, 0, 0, 5, 1, 7, 7, 3, 4, 9])
  t.same([...resize(input, 9, 0, added, 4)], [9, 0, 0, 0, 6, 1, 2, 3, 4, 7, 7, 9])
  t.same([...splice(input, 0, 9, added)], [7, 7, 9])
})

t.test('msgpack that is changed by value is msgpack most of the time', async (t) => {
  const random = new Random(9)
  const mutator = new MsgpackMutator(random, [])
  const input = pack([1, 'text', { a: [true, null, 1.5], b: new Uint8Array(3) }, [], -7])
  let sound = 0
  let changed = 0
  for (let round = 0; round < 500; round += 1) {
    const other = mutator.mutate(input, input) ?? input
    if (refusedOr(() => [unpack(other)]) !== null) sound += 1
    if (Buffer.compare(other, input) !== 0) changed += 1
  }
  t.ok(sound > 250, `${sound} of 500 are sound`)
  t.ok(changed > 400, `${changed} of 500 are changed`)
})

t.test('values are compared down to their last byte', async (t) => {
  const value = { a: [1, new Uint8Array(2), new Map([[1, 'x']])], b: null }
  t.ok(isSameValue(value, structuredClone(value)))
  for (const other of [
    { ...value, b: 0 },
    { ...value, c: 1 },
    { a: value.a },
    { ...value, a: [1, new Uint8Array(3), new Map([[1, 'x']])] },
    { ...value, a: [1, new Uint8Array(2), new Map([[1, 'y']])] }
  ]) {
    t.notOk(isSameValue(value, other))
  }
  t.ok(isSameValue(0, -0))
  t.ok(isSameValue(Number.NaN, Number.NaN))
})

t.test('an input that does not come back ends the process, and is written down', async (t) => {
  const path = join(t.testdir(), 'hang.txt')
  const main = fileURLToPath(new URL('planted/hang-main.js', import.meta.url))
  const child = spawn(process.execPath, [main, path], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc']
  })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  t.equal(signal, 'SIGKILL')
  t.equal(readFileSync(path, 'utf8'), `${Buffer.of(1, 2, 3).toString('base64')}\n`)
})
