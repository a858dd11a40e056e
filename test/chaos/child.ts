// The two ends of a load process: its parent gives it a configuration as one argument and orders as
// lines on its standard input; it answers with JSON lines on its standard output.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { disownProcess, ownProcess, readJsonLines, signalOwned } from '@holdfast/testkit'
import { type HistoryWriter, monotonicNs } from './history.ts'

/** What every load process is told. */
export interface ChildConfiguration {
  readonly addresses: readonly string[]
  /** Whose addresses they are, where that is known. */
  readonly nodes?: Readonly<Record<string, number>>
  readonly sdk: string
  readonly seed: number
  readonly history: string
}

/** The configuration of this process. */
export function readConfiguration<Configuration>(): Configuration {
  return JSON.parse(process.argv[2] ?? '{}') as Configuration
}

export function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Calls `hear` for each order; the end of the input is the order to stop: no parent is left. */
export function listen(hear: (order: string) => void): void {
  const lines = createInterface({ input: process.stdin })
  lines.on('line', hear)
  lines.once('close', () => hear('stop'))
}

/** Notes whatever was not caught as an error of the application, and ends the process. */
export function guardProcess(name: string, history: HistoryWriter): void {
  const end = (error: unknown): void => {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
    const code = 'UNCAUGHT'
    history.append({ type: 'error', at: monotonicNs(), process: name, code, message })
    history.close()
    say({ error: `${name}: ${message}` })
    process.exit(1)
  }
  process.on('uncaughtException', end)
  process.on('unhandledRejection', end)
}

/** A load process as its parent sees it. */
export class LoadProcess {
  readonly name: string
  readonly pid: number
  /** Latest value of each field that the process has said. */
  readonly latest: Record<string, unknown> = {}
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  hasEnded = false
  said = ''

  /** `launcher`: program and first arguments that run the file; default Node.js, here. */
  constructor(
    name: string,
    program: string,
    configuration: unknown,
    launcher: readonly string[] = [process.execPath]
  ) {
    this.name = name
    const path = fileURLToPath(new URL(program, import.meta.url))
    const [node = process.execPath, ...flags] = launcher
    this.#child = spawn(node, [...flags, path, JSON.stringify(configuration)], {
      stdio: ['pipe', 'pipe', 'pipe']
    })
    this.pid = this.#child.pid ?? 0
    ownProcess(this.pid)
    const { stdout, stderr } = this.#child
    stderr?.on('data', (chunk: Buffer) => {
      this.said = (this.said + chunk.toString('utf8')).slice(-2_000)
    })
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        this.hasEnded = true
        disownProcess(this.pid)
        resolve(code)
      })
    })
    // A process that died takes no orders; that shows by its end.
    this.#child.stdin?.on('error', () => {})
    if (stdout !== null) void this.#follow(stdout)
  }

  order(line: string): void {
    if (!this.hasEnded) this.#child.stdin?.write(`${line}\n`)
  }

  number(field: string): number {
    const value = this.latest[field]
    return typeof value === 'number' ? value : 0
  }

  kill(): void {
    this.signal('SIGKILL')
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) signalOwned(this.pid, signal)
  }

  async #follow(stdout: NonNullable<ChildProcess['stdout']>): Promise<void> {
    for await (const line of readJsonLines(stdout)) Object.assign(this.latest, line)
  }
}
