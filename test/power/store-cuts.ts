// Power cuts of one store, without a cluster around it: a process writes records and is killed
// between two system calls, its directory becomes its image, and the next process must find every
// record that was acknowledged, whole. Several cuts a second reach places that those of clusters
// seldom do: rotations of the log, tables, manifests, the birth of a directory.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { disownProcess, ownProcess, Random, signalOwned } from '@holdfast/testkit'
import { FaultControl } from './fault-control.ts'
import { buildImage, type DiskMode, type ImageOptions } from './image.ts'
import { shimEnvironment } from './shim-library.ts'

export interface StoreCutOptions {
  /** An empty directory; the caller removes it. */
  readonly directory: string
  readonly seed: number
  readonly cuts: number
  readonly mode: DiskMode | 'mix'
  readonly unsynced?: ImageOptions['unsynced']
  readonly onCut?: (number: number) => void
}

export interface StoreCutReport {
  readonly cuts: number
  readonly acknowledged: number
  /** Sentences; none if all is well. */
  readonly failures: readonly string[]
  /** Cuts after which something was not as the process had left it. */
  readonly lossy: number
}

const program = fileURLToPath(new URL('./store-writer.js', import.meta.url))
/**
 * A process that lives longer than its cut asked for is killed. It bounds a hang: one that a busy
 * machine has hardly started by then would be cut before it did anything.
 */
const lifeMs = 60_000

interface Life {
  /** `opened`, `wrong` or `refused`, and what was said with it; null if it died before. */
  readonly outcome: { readonly word: string; readonly rest: string } | null
  readonly acknowledged: number
  /** Null if it was killed, as it should be. */
  readonly exitCode: number | null
}

export class StoreCuts {
  readonly #options: StoreCutOptions
  readonly #random: Random
  readonly #data: string
  readonly #records: string

  constructor(options: StoreCutOptions) {
    this.#options = options
    this.#random = new Random(options.seed).split('store')
    this.#data = join(options.directory, 'data')
    this.#records = join(options.directory, 'records')
  }

  async run(): Promise<StoreCutReport> {
    const { cuts, mode, unsynced = 'some', onCut = () => {} } = this.#options
    const random = this.#random
    const control = new FaultControl(join(this.#records, 'data'))
    mkdirSync(this.#options.directory, { recursive: true })
    const failures: string[] = []
    let acknowledged = 0
    let lossy = 0
    for (let number = 1; number <= cuts && failures.length === 0; number += 1) {
      // Half of the processes die while they open, the others anywhere.
      control.set({ dieIn: random.chance(0.3) ? random.integer(1, 60) : random.integer(60, 900) })
      const life = await this.#live()
      const failure = judge(life, acknowledged)
      if (failure !== null) failures.push(`cut ${number}: ${failure}`)
      acknowledged = Math.max(acknowledged, life.acknowledged)
      const drawn = random.chance(0.5) ? 'ordered' : 'adversarial'
      const { undone, cut } = buildImage({
        data: this.#data,
        records: join(this.#records, 'data'),
        mode: mode === 'mix' ? drawn : mode,
        unsynced,
        random
      })
      if (undone.length + cut.length > 0) lossy += 1
      onCut(number)
    }
    return { cuts, acknowledged, failures, lossy }
  }

  async #live(): Promise<Life> {
    // biome-ignore lint/style/noProcessEnv: children inherit PATH and the like.
    const env = { ...process.env, ...shimEnvironment(this.#records) }
    const child = spawn(process.execPath, [program, this.#data], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...env, HOLDFAST_SHIM_DATA: this.#data }
    })
    const pid = child.pid ?? 0
    ownProcess(pid)
    const timer = setTimeout(() => signalOwned(pid, 'SIGKILL'), lifeMs)
    let outcome: Life['outcome'] = null
    let acknowledged = 0
    const lines = createInterface({ input: child.stdout })
    lines.on('line', (line) => {
      const [word = '', ...rest] = line.split(' ')
      if (outcome === null) outcome = { word, rest: rest.join(' ') }
      else acknowledged = Number(word)
    })
    const [exitCode] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    disownProcess(pid)
    return { outcome, acknowledged, exitCode }
  }
}

/** What is wrong with a life, given what was acknowledged in those before; null if nothing is. */
function judge({ outcome, exitCode }: Life, acknowledged: number): string | null {
  const { word, rest } = outcome ?? { word: '', rest: '' }
  if (word === 'refused') return `the directory is refused: ${rest}`
  if (exitCode !== null) return `the process ended by itself with ${exitCode}`
  if (outcome === null) return null
  if (word !== 'opened') return `record ${rest} or one before it is not whole`
  const found = Number(rest)
  // What was being written when the process died may be there as well.
  if (found < acknowledged) return `${acknowledged - found} of ${acknowledged} records are lost`
  return null
}
