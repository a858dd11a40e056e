// Ends a campaign whose target does not come back, and says with which input: a loop without an end
// cannot be interrupted from within. A thread of its own looks at a counter in shared memory.
import { Worker } from 'node:worker_threads'

const headBytes = 8

export class Watchdog {
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #worker: Worker

  /** `path` is where the input is written, as a line of a corpus. */
  constructor(path: string, inputBytesMax: number, limitMs: number) {
    const shared = new SharedArrayBuffer(headBytes + inputBytesMax)
    this.#words = new Int32Array(shared, 0, 2)
    this.#bytes = new Uint8Array(shared, headBytes)
    const file = new URL('watchdog-thread.js', import.meta.url)
    this.#worker = new Worker(file, { workerData: { shared, path, limitMs } })
    this.#worker.unref()
  }

  /** An input is about to be run. */
  begins(input: Uint8Array): void {
    this.#bytes.set(
      input.length > this.#bytes.length ? input.subarray(0, this.#bytes.length) : input
    )
    this.#words[1] = input.length
    this.#words[0] = ((this.#words[0] ?? 0) + 1) | 0
  }

  async stop(): Promise<void> {
    await this.#worker.terminate()
  }
}
