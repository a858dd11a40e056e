// How long a message lives by its own word: its property `expiration`, milliseconds in decimal
// digits, found in place. A record of AMQP has its properties in the form of that protocol, of
// which no more is known here than where this one stands (AMQP 0-9-1 §4.2.6.1).
//
//   properties := flags:u16 property*      bit 15 the first; expiration is the eighth
//   before it  := text text table octet octet text text
import { foreignProperties, hasForeignProperties, isExpiration, recordText } from '@holdfast/record'
import { readUint32 } from './bytes.ts'

/** Of a message that says nothing: it lives as long as its queue lets it. */
export const unlimitedMs: number = Number.POSITIVE_INFINITY

const nil = 0xc0
const expirationFlag = 0x0100
/** Those before it by flag: bytes of the value, or where its length stands. */
const fields: readonly (readonly [flag: number, kind: 'text' | 'table' | 'octet'])[] = [
  [0x8000, 'text'],
  [0x4000, 'text'],
  [0x2000, 'table'],
  [0x1000, 'octet'],
  [0x0800, 'octet'],
  [0x0400, 'text'],
  [0x0200, 'text']
]

/** Of the accepted record at `position`. What is no number of milliseconds says nothing. */
export function timeToLiveMs(data: Uint8Array, position: number): number {
  if (data[position + 1] === nil) return unlimitedMs
  if (hasForeignProperties(data, position)) return foreignMs(foreignProperties(data, position))
  const text = recordText(data, position, 'expiration')
  return text === null ? unlimitedMs : millisecondsOf(text)
}

function foreignMs(raw: Uint8Array): number {
  if (raw.length < 2) return unlimitedMs
  const flags = ((raw[0] ?? 0) << 8) | (raw[1] ?? 0)
  if ((flags & expirationFlag) === 0) return unlimitedMs
  let at = 2
  for (const [flag, kind] of fields) {
    if ((flags & flag) === 0) continue
    if (kind === 'octet') at += 1
    else if (kind === 'text') at += 1 + (raw[at] ?? 0)
    else if (at + 4 <= raw.length) at += 4 + readUint32(raw, at)
    if (at >= raw.length) return unlimitedMs
  }
  const digits = raw.subarray(at + 1, at + 1 + (raw[at] ?? 0))
  return millisecondsOf(String.fromCharCode(...digits))
}

function millisecondsOf(text: string): number {
  return isExpiration(text) ? Number(text) : unlimitedMs
}
