// One node of a development cluster as a process: started, watched, stopped, and on request started
// again when it dies. Its log goes to a file, so that nobody who reads slowly can hold it up.
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import type { NodeLayout } from './layout.ts'

/** A log file that is larger than this at a start is set aside, replacing the one before it. */
const logFileBytesMax = 64 * 1024 * 1024
const restartMinMs = 500
const restartMaxMs = 10_000
/** A node that ran this long starts again without a longer pause. */
const healthyMs = 30_000

/**
 * How glibc's allocator serves a node, unless told otherwise: buffers come and go on several
 * threads, and what it keeps of them for later counts as memory of the node. Few arenas, and large
 * buffers mapped one by one, keep little. Other allocators ignore it.
 */
const allocatorSettings: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: '1048576',
  MALLOC_TRIM_THRESHOLD_: '4194304'
}

export interface ChildOptions {
  readonly node: NodeLayout
  /** Starts this node by hand: program and arguments. */
  readonly command: readonly string[]
  readonly isRestarting: boolean
  readonly started: (child: Child) => void
  readonly exited: (child: Child, code: number | null, signal: string | null) => void
}

export class Child {
  readonly node: NodeLayout
  readonly command: readonly string[]
  readonly #options: ChildOptions
  #process: ChildProcess | null = null
  #timer: NodeJS.Timeout | null = null
  #isStopping = false
  #startedMs = 0
  #failures = 0

  constructor(options: ChildOptions) {
    this.#options = options
    this.node = options.node
    this.command = options.command
  }

  /** Null while it does not run. */
  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  /** `extra` arguments are for this start only. */
  start(extra: readonly string[] = []): void {
    const [program = '', ...parameters] = this.command
    rotate(this.node.logFile)
    const log = openSync(this.node.logFile, 'a', 0o600)
    // Its own process group: Ctrl-C reaches this process, which then stops the nodes in order. The
    // channel tells a node when this process is gone, however it ended.
    const child = spawn(program, [...parameters, ...extra], {
      stdio: ['ignore', log, log, 'ipc'],
      // biome-ignore lint/style/noProcessEnv: handed on, not read.
      env: { ...allocatorSettings, ...process.env },
      detached: true
    })
    closeSync(log)
    this.#process = child
    this.#startedMs = performance.now()
    child.on('error', () => this.#ended(null, 'could not be started'))
    child.on('exit', (code, signal) => this.#ended(code, signal))
    if (child.pid !== undefined) this.#options.started(this)
  }

  /** Resolves when the process is gone. After `timeoutMs` it is killed. */
  stop(timeoutMs: number): Promise<void> {
    this.#isStopping = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    const child = this.#process
    if (child === null) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
      child.once('exit', () => {
        clearTimeout(timer)
        resolve()
      })
      child.kill('SIGTERM')
    })
  }

  kill(): void {
    this.#isStopping = true
    this.#process?.kill('SIGKILL')
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#process === null) return
    const child = this.#process
    this.#options.exited(this, code, signal)
    this.#process = null
    if (child.connected) child.disconnect()
    // One that ended by itself with 0 was asked to stop, or was removed from the cluster.
    if (this.#isStopping || !this.#options.isRestarting || code === 0) return
    this.#failures = performance.now() - this.#startedMs > healthyMs ? 0 : this.#failures + 1
    const delayMs = Math.min(restartMaxMs, restartMinMs * 2 ** Math.max(0, this.#failures - 1))
    this.#timer = setTimeout(() => this.start(), delayMs)
  }
}

function rotate(path: string): void {
  if (existsSync(path) && statSync(path).size > logFileBytesMax) renameSync(path, `${path}.1`)
}

/** The last lines of a node's log, for an error message. */
export function logTail(path: string, bytes = 2000): string {
  if (!existsSync(path)) return ''
  const descriptor = openSync(path, 'r')
  try {
    const { size } = statSync(path)
    const buffer = Buffer.alloc(Math.min(bytes, size))
    readSync(descriptor, buffer, 0, buffer.length, Math.max(0, size - buffer.length))
    return buffer.toString('utf8').trim()
  } finally {
    closeSync(descriptor)
  }
}
