// The thread of a watchdog: when the counter stands still for too long, it writes down the input
// and ends the process.
import { writeFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'

const { shared, path, limitMs } = workerData as {
  readonly shared: SharedArrayBuffer
  readonly path: string
  readonly limitMs: number
}
const words = new Int32Array(shared, 0, 2)
let last = words[0]
let sinceMs = performance.now()

setInterval(() => {
  const nowMs = performance.now()
  if (words[0] !== last) {
    last = words[0]
    sinceMs = nowMs
  } else if (nowMs - sinceMs > limitMs) {
    const input = Buffer.from(shared).subarray(8, 8 + (words[1] ?? 0))
    writeFileSync(path, `${input.toString('base64')}\n`)
    process.stderr.write(`an input did not come back in ${limitMs} ms: see ${path}\n`)
    process.kill(process.pid, 'SIGKILL')
  }
}, 500)
