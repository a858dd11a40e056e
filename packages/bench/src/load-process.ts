// A load generator as its parent sees it: a process of its own, so that its processor time is told
// apart from that of the nodes. It is given one job, says when it has begun and what came of it.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { disownProcess, ownProcess, readJsonLines, signalOwned } from '@holdfast/testkit'
import type { Job, JobResult } from './job.ts'

const program = fileURLToPath(new URL('./load-main.js', import.meta.url))

export class LoadProcess {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #lines: AsyncGenerator<Readonly<Record<string, unknown>>>
  #said = ''

  constructor(job: Job) {
    this.#child = spawn(process.execPath, [program, JSON.stringify(job)], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc']
    })
    const { pid, stdout, stderr } = this.#child
    if (pid === undefined || stdout === null) throw new Error('cannot start a load generator')
    this.pid = pid
    ownProcess(pid)
    this.#child.once('close', () => disownProcess(pid))
    stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString('utf8')).slice(-2_000)
    })
    this.#lines = readJsonLines(stdout)
  }

  async #next(field: string): Promise<unknown> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) throw new Error(`a load generator ended early: ${this.#said}`)
      if (value['error'] !== undefined) throw new Error(String(value['error']))
      if (value[field] !== undefined) return value[field]
    }
  }

  /** Connected, warm, and measuring from this moment. */
  async begun(): Promise<void> {
    await this.#next('begun')
  }

  async result(): Promise<JobResult> {
    return (await this.#next('result')) as JobResult
  }

  /** Tells a job without an end of its own to finish. */
  finish(): void {
    this.#child.stdin?.write('stop\n')
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null) await once(this.#child, 'close')
  }

  kill(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      signalOwned(this.pid, 'SIGKILL')
    }
  }
}
