// The terminal of this process.
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Terminal } from './terminal.ts'

/**
 * The last one comes when whoever started this process with a channel to it is gone, however it
 * ended: a test that was killed leaves no cluster behind.
 */
const stopEvents = ['SIGINT', 'SIGTERM', 'SIGHUP', 'disconnect'] as const
/** A message has at most 16 MiB; more input is an error of the command that reads it. */
const inputBytesMax = 64 * 1024 * 1024

export const processTerminal: Terminal = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  write: async (bytes) => {
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain')
  },
  get isInputTyped(): boolean {
    return process.stdin.isTTY === true
  },
  readInput: async () => {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      if (size > inputBytesMax) throw new Error(`the input is larger than ${inputBytesMax} bytes`)
      chunks.push(bytes)
    }
    return Buffer.concat(chunks)
  },
  onStop: (listener) => {
    for (const event of stopEvents) process.on(event, listener)
    return () => {
      for (const event of stopEvents) process.off(event, listener)
    }
  },
  exit: (code) => process.exit(code),
  pause: async (delayMs, signal) => {
    await pause(delayMs, undefined, signal === undefined ? {} : { signal })
  },
  timeOfDay: () => new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' }).format()
}
