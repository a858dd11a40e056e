// A program of another language that is a client of a cluster: what it says, line by line, and how
// it ends. It ends with this process, however that ends.
import { type ChildProcess, spawn } from 'node:child_process'
import { eventually, LineSplitter } from '@holdfast/testkit'
import type { Test } from 'tap'

export interface ProgramOptions {
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

export class ClientProgram {
  /** What it has said, on both of its outputs. */
  readonly lines: string[] = []
  readonly ended: Promise<number | null>
  readonly #child: ChildProcess
  readonly #name: string
  #isEnded = false

  constructor(t: Test, command: readonly string[], options: ProgramOptions = {}) {
    this.#name = command.join(' ')
    const environment = { PYTHONDONTWRITEBYTECODE: '1', ...options.environment }
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const flags = ['--pdeathsig', 'KILL', '--', 'env', ...settings, ...command]
    this.#child = spawn('setpriv', flags, { cwd: options.directory })
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      const splitter = new LineSplitter()
      output?.on('data', (bytes: Buffer) => this.lines.push(...splitter.push(bytes)))
    }
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (code) => {
        this.#isEnded = true
        resolve(code)
      })
    })
    t.teardown(() => this.#child.kill('SIGKILL'))
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Waits for a line that begins so, or that matches. @throws WaitError with what it said */
  async says(text: string | RegExp, timeoutMs: number = 60_000): Promise<string> {
    const isMeant = (line: string): boolean =>
      typeof text === 'string' ? line.startsWith(text) : text.test(line)
    const all = (): string => `${this.#name} has ended:\n${this.lines.join('\n')}`
    const giveUp = (): string | null => (this.#isEnded ? all() : null)
    const look = (): string | undefined => this.lines.find(isMeant)
    return await eventually(`'${text}' of ${this.#name}`, look, { timeoutMs, giveUp })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }
}
