// Structured logs: pino's JSON lines on stderr. A reader of stderr that stands still never holds up
// the node (failure mode 99): lines wait in a bounded buffer, and beyond it are dropped and
// counted.
import { write } from 'node:fs'
import { type Level, pino } from 'pino'
import { serverLimits } from './limits.ts'

export type LogFields = Readonly<Record<string, string | number | boolean | null>>
export type Log = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: LogFields
) => void

/** Writes lines to a file descriptor in the background, one write at a time. */
export class BoundedSink {
  readonly #descriptor: number
  readonly #bytesMax: number
  #waiting: string[] = []
  #waitingBytes = 0
  #isWriting = false
  #isBroken = false
  #idle: (() => void)[] = []
  /** Lines that nobody took in time. */
  droppedLines = 0

  constructor(descriptor: number, bytesMax: number = serverLimits.logBufferBytes) {
    this.#descriptor = descriptor
    this.#bytesMax = bytesMax
  }

  write(line: string): void {
    if (this.#isBroken || this.#waitingBytes + line.length > this.#bytesMax) {
      this.droppedLines++
      return
    }
    this.#waiting.push(line)
    this.#waitingBytes += line.length
    if (!this.#isWriting) this.#next()
  }

  /** Resolves when everything is written, or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#isWriting) {
        resolve()
        return
      }
      const timer = setTimeout(resolve, timeoutMs)
      this.#idle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #next(): void {
    if (this.#waiting.length === 0) {
      this.#isWriting = false
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#isWriting = true
    const bytes = Buffer.from(this.#waiting.join(''))
    this.#waiting = []
    this.#writeAll(bytes, 0)
  }

  #writeAll(bytes: Buffer, position: number): void {
    write(this.#descriptor, bytes, position, bytes.length - position, null, (error, written) => {
      if (error?.code === 'EAGAIN') {
        setTimeout(() => this.#writeAll(bytes, position), 10).unref()
        return
      }
      if (error !== null) {
        // Nobody reads any more (EPIPE). The node goes on without a log.
        this.#isBroken = true
        this.droppedLines += this.#waiting.length
        this.#waiting = []
      } else if (position + written < bytes.length) {
        this.#writeAll(bytes, position + written)
        return
      }
      this.#waitingBytes = this.#waiting.reduce((sum, line) => sum + line.length, 0)
      this.#next()
    })
  }
}

export interface Logger {
  readonly log: Log
  /** Lines dropped since the start. */
  dropped(): number
  flush(timeoutMs: number): Promise<void>
}

/** `base` goes into every line. */
export function createLogger(level: Level, base: LogFields, sink: BoundedSink): Logger {
  const logger = pino({ level, base: { ...base }, timestamp: pino.stdTimeFunctions.isoTime }, sink)
  return {
    log: (lineLevel, message, fields) => logger[lineLevel](fields, message),
    dropped: () => sink.droppedLines,
    flush: (timeoutMs) => sink.flush(timeoutMs)
  }
}
