// Numbers that no run gets to: what nodes say to each other is read back as it would be in an old
// cluster, with all that grows in it above 32 bits.
import { isDeepStrictEqual } from 'node:util'
import { type PeerFrame, readPeerFrame, startFrame, writePeerMessage } from '@holdfast/cluster'
import { join } from '../world/join.ts'

type PeerMessage = PeerFrame['messages'][number]

const age = 2 ** 33
/** What has 32 bits for ever: it is counted out, or is a part of a sum. */
const narrow: ReadonlySet<string> = new Set(['group', 'count', 'high', 'low'])

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
