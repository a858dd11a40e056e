// Numbers that no run gets to: what nodes say to each other is read back as it would be in an old
// cluster, with all that grows in it above 32 bits.
import { isDeepStrictEqual } from 'node:util'
import { type PeerFrame, readPeerFrame, startFrame, writePeerMessage } from '@holdfast/cluster'
import { join } from '../world/join.ts'
import type { Observer } from '../world/observer.ts'
import type { Process } from '../world/process.ts'
import type { Report } from './checks.ts'

type Left = Parameters<NonNullable<Observer['left']>>[1]

type PeerMessage = PeerFrame['messages'][number]

const age = 2 ** 33
/** What has 32 bits for ever: it is counted out, or is a part of a sum. */
const narrow: ReadonlySet<string> = new Set(['group', 'count', 'high', 'low'])
/** Of these one is looked at: they are alike. */
const sampleOf = 16

function aged(value: unknown, name: string): unknown {
  if (typeof value === 'number') return narrow.has(name) ? value : value + age
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) return value.map((part) => aged(part, name))
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, aged(part, key)]))
}

/** What is packed takes numbers as they are, by its shape. */
const packed: ReadonlySet<string> = new Set(['call', 'result', 'cast', 'forward-result'])

/** What arrives otherwise than it was sent, were it said in an old cluster; null: nothing. */
export function misread(message: PeerMessage): string | null {
  if (packed.has(message.type)) return null
  const sent = aged(message, '') as PeerMessage
  const writer = startFrame(0)
  writePeerMessage(writer, sent)
  try {
    const [read] = readPeerFrame(join(writer.take())).messages
    return isDeepStrictEqual(read, sent) ? null : `${message.type} of large numbers`
  } catch (error) {
    return `${message.type} of large numbers: ${String(error)}`
  }
}

export class GrownNumbers implements Observer {
  readonly #report: Report
  #frames = 0

  constructor(report: Report) {
    this.#report = report
  }

  left(_process: Process, output: Left): void {
    if (output.type !== 'peer-send') return
    this.#frames += 1
    if (this.#frames % sampleOf !== 0) return
    for (const message of readPeerFrame(join(output.chunks)).messages) {
      const what = misread(message)
      if (what !== null) this.#report('grown-numbers', what)
    }
  }
}
