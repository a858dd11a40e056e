// How long a message lives by its own word: its property `expiration`, milliseconds in decimal
// digits, found in place.
import { foreignProperties, hasForeignProperties, recordText } from '@holdfast/record'
import { foreignFlags, foreignPosition } from './foreign-properties.ts'
import { shardLimits } from './queue/limits.ts'

/** Of a message that says nothing: it lives as long as its queue lets it. */
export const unlimitedMs: number = Number.POSITIVE_INFINITY

const nil = 0xc0

/** Of the accepted record at `position`. What is no number of milliseconds says nothing. */
export function timeToLiveMs(data: Uint8Array, position: number): number {
  if (data[position + 1] === nil) return unlimitedMs
  if (hasForeignProperties(data, position)) return foreignMs(foreignProperties(data, position))
  const text = recordText(data, position, 'expiration')
  return text === null ? unlimitedMs : millisecondsOf(text)
}

function foreignMs(raw: Uint8Array): number {
  const at = foreignPosition(raw, foreignFlags.expiration)
  if (at < 0) return unlimitedMs
  const digits = raw.subarray(at + 1, at + 1 + (raw[at] ?? 0))
  return millisecondsOf(String.fromCharCode(...digits))
}

function millisecondsOf(text: string): number {
  if (!/^\d{1,10}$/.test(text)) return unlimitedMs
  const ms = Number(text)
  return ms <= shardLimits.messageTtlMsMax ? ms : unlimitedMs
}
