// A directory under the disk shim for the tests of the shim and of images: runs actions in a
// process of its own that is killed at its end, then cuts the power, and shows what is left.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTemporaryDirectory, Random, removeDirectory, type Teardown } from '@holdfast/testkit'
import { FaultControl } from './fault-control.ts'
import { buildImage, type ImageOptions, type ImageReport } from './image.ts'
import { shimEnvironment } from './shim-library.ts'

const program = fileURLToPath(new URL('./fixtures/disk-program.js', import.meta.url))

export class DiskScene {
  readonly data: string
  readonly records: string
  readonly control: FaultControl
  readonly #root: string

  constructor(t: Teardown) {
    this.#root = makeTemporaryDirectory('disk')
    t.teardown(() => removeDirectory(this.#root))
    this.data = join(this.#root, 'data')
    mkdirSync(this.data)
    this.records = join(this.#root, 'records', 'data')
    this.control = new FaultControl(this.records)
  }

  /** Runs actions of disk-program.ts; returns how each ended. */
  run(...actions: string[]): string[] {
    return this.runWith({}, ...actions)
  }

  /** The same with more in the environment. */
  runWith(environment: Readonly<Record<string, string>>, ...actions: string[]): string[] {
    const { env } = process
    const records = join(this.#root, 'records')
    const { stdout, stderr, signal } = spawnSync(process.execPath, [program, ...actions], {
      encoding: 'utf8',
      env: { ...env, ...shimEnvironment(records), HOLDFAST_SHIM_DATA: this.data, ...environment }
    })
    if (signal !== 'SIGKILL') throw new Error(`the program ended by itself: ${stderr}`)
    return stdout.trim().split('\n')
  }

  cut(options: Partial<ImageOptions> = {}): ImageReport {
    const { data, records } = this
    return buildImage({ data, records, mode: 'ordered', random: new Random(1), ...options })
  }

  /** Every file with what it holds. */
  files(): Record<string, string> {
    const names = readdirSync(this.data, { withFileTypes: true }).filter((entry) => entry.isFile())
    return Object.fromEntries(
      names.map(({ name }) => [name, readFileSync(join(this.data, name), 'latin1')])
    )
  }
}
