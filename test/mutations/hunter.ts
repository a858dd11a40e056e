// Hunts one mutation in child processes: seeds of the simulator, piece by piece, or the tests of
// the shell. A child that says nothing for long is stuck in a step, which is a finding too.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import {
  disownProcess,
  ownProcess,
  readJsonLines,
  repositoryRoot,
  signalOwned
} from '@holdfast/testkit'
import type { GroundName } from './grounds.ts'

export interface Piece {
  /** The last seed or suite that was tried. */
  readonly tried: number
  readonly found: string | null
  readonly ms: number
}

/** Real time that one seed, or one suite, may take on a busy machine. */
const patienceMs = { seed: 120_000, suite: 280_000 } as const

const preload = new URL('./preload.js', import.meta.url).href
const huntMain = fileURLToPath(new URL('./hunt-main.js', import.meta.url))

/** `wanted` is what names the mutation: see catalogue.ts. */
function start(wanted: string, file: string, args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, ['--import', preload, file, ...args], {
    cwd: repositoryRoot,
    // biome-ignore lint/style/noProcessEnv: handed on, with the name of the mutation.
    env: { ...process.env, HOLDFAST_MUTATION: wanted },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  if (child.pid !== undefined) ownProcess(child.pid)
  return child
}

/** Calls `silent` when `heard` was not called for `ms`. */
function watch(ms: number, silent: () => void): { heard(): void; end(): void } {
  let timer = setTimeout(silent, ms)
  return {
    heard: () => {
      clearTimeout(timer)
      timer = setTimeout(silent, ms)
    },
    end: () => clearTimeout(timer)
  }
}

/** The last lines that a child wrote to its standard error. */
function lastWordsOf(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4000)
  })
  return () => {
    const lines = text.split('\n').filter((line) => line.trim() !== '')
    return lines.find((line) => /Error/.test(line)) ?? lines.at(-1) ?? 'without a word'
  }
}

/** Seeds of one ground, or tests by their numbers. */
export interface Stretch<Ground extends GroundName | 'suite' = GroundName | 'suite'> {
  readonly ground: Ground
  readonly first: number
  readonly last: number
}

/** Tries the seeds of a stretch, up to the first that finds something. */
export async function huntSeeds(wanted: string, stretch: Stretch<GroundName>): Promise<Piece> {
  const startedMs = performance.now()
  const { ground, first, last } = stretch
  const child = start(wanted, huntMain, [ground, String(first), String(last)])
  const { stdout, pid } = child
  if (stdout === null || pid === undefined) throw new Error('a hunt could not be started')
  const closed = once(child, 'close')
  const lastWords = lastWordsOf(child)
  let tried = first
  let found: string | null = null
  let isDone = false
  const watched = watch(patienceMs.seed, () => {
    found = 'a step does not end'
    signalOwned(pid, 'SIGKILL')
  })
  for await (const line of readJsonLines(stdout)) {
    watched.heard()
    if (typeof line['seed'] === 'number') tried = line['seed']
    if (typeof line['found'] === 'string') found = line['found']
    if (line['done'] === true) isDone = true
  }
  watched.end()
  await closed
  disownProcess(pid)
  // Out of memory, or killed by an exception outside of a seed.
  if (!isDone && found === null) found = `the process ended: ${lastWords()}`
  return { tried, found, ms: performance.now() - startedMs }
}

/** Runs built tests one after the other until one fails. */
export async function huntSuites(wanted: string, suites: readonly string[]): Promise<Piece> {
  const startedMs = performance.now()
  let tried = 0
  for (const suite of suites) {
    tried += 1
    const failure = await runSuite(wanted, suite)
    // A suite that fails anyway has caught nothing.
    if (failure === null || (await control(suite)) !== null) continue
    return { tried, found: `${suite}: ${failure}`, ms: performance.now() - startedMs }
  }
  return { tried, found: null, ms: performance.now() - startedMs }
}

/** What a suite finds without any mutation, where that was asked. */
const controls = new Map<string, Promise<string | null>>()

function control(suite: string): Promise<string | null> {
  const known = controls.get(suite) ?? runSuite('', suite)
  controls.set(suite, known)
  return known
}

/** The first sentence that is not true any more; null if all are. */
async function runSuite(wanted: string, suite: string): Promise<string | null> {
  const child = start(wanted, join(repositoryRoot, suite), [])
  const { stdout, pid } = child
  if (stdout === null || pid === undefined) throw new Error('a suite could not be started')
  const lastWords = lastWordsOf(child)
  let isStuck = false
  const watched = watch(patienceMs.suite, () => {
    isStuck = true
    signalOwned(pid, 'SIGKILL')
  })
  let text = ''
  stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  watched.end()
  disownProcess(pid)
  if (code === 0) return null
  if (isStuck) return 'it does not end'
  const failed = /^not ok \d+ - (.*)$/m.exec(text)?.[1]
  return failed?.replace(/ # time=.*/, '') ?? lastWords()
}
