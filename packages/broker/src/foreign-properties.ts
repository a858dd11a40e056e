// Properties in the form of AMQP 0-9-1 (§4.2.6.1), of which no more is known here than where one of
// them stands.
//
//   properties := flags:u16 property*      bit 15 the first, content-type
import { readUint32 } from './bytes.ts'

/** Flags of those that the machine looks for. */
export const foreignFlags = { priority: 0x0800, expiration: 0x0100 } as const

/** In their order, by flag: bytes of the value, or where its length stands. */
const fields: readonly (readonly [flag: number, kind: 'text' | 'table' | 'octet'])[] = [
  [0x8000, 'text'],
  [0x4000, 'text'],
  [0x2000, 'table'],
  [0x1000, 'octet'],
  [foreignFlags.priority, 'octet'],
  [0x0400, 'text'],
  [0x0200, 'text'],
  [foreignFlags.expiration, 'text']
]

/** Where the property of this flag begins; -1 if it is not there. */
export function foreignPosition(raw: Uint8Array, wanted: number): number {
  if (raw.length < 2) return -1
  const flags = ((raw[0] ?? 0) << 8) | (raw[1] ?? 0)
  if ((flags & wanted) === 0) return -1
  let at = 2
  for (const [flag, kind] of fields) {
    if (flag === wanted) break
    if ((flags & flag) === 0) continue
    if (kind === 'octet') at += 1
    else if (kind === 'text') at += 1 + (raw[at] ?? 0)
    else if (at + 4 > raw.length) return -1
    else at += 4 + readUint32(raw, at)
    if (at >= raw.length) return -1
  }
  return at < raw.length ? at : -1
}
