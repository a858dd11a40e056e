// How long a message lives by its own word: its property `expiration`, milliseconds in decimal
// digits, found in place.
import {
  foreignProperties,
  foreignStart,
  hasForeignProperties,
  isExpiration,
  recordLimits,
  recordText
} from '@holdfast/record'
import { foreignFlags, foreignPosition } from './foreign-properties.ts'
import { noDeadlineMs } from './queue/segment.ts'

/** Of a message that says nothing: it lives as long as its queue lets it. */
export const unlimitedMs: number = Number.POSITIVE_INFINITY

const nil = 0xc0

/** How long the records of the section at hand live by their own word; null: none says anything. */
let lifetimes: Float64Array | null = null
const lifetimeRows: Float64Array = new Float64Array(recordLimits.recordsMax)
/** When they are due in the queue at hand. */
const deadlines: Float64Array = new Float64Array(recordLimits.recordsMax)

/** Looks how long accepted records live, `starts[0, count)`. */
export function readLifetimes(data: Uint8Array, starts: Uint32Array, count: number): void {
  lifetimes = null
  for (let record = 0; record < count; record++) {
    const ms = timeToLiveMs(data, starts[record] ?? 0)
    if (ms === unlimitedMs && lifetimes === null) continue
    if (lifetimes === null) lifetimes = lifetimeRows.fill(unlimitedMs, 0, count)
    lifetimes[record] = ms
  }
}

/**
 * When those of them, `from` … `to - 1`, are due that come at `timeMs` to a queue with this time to
 * live: the shorter of the two counts. Null if none ever is.
 */
export function deadlinesIn(
  timeMs: number,
  messageTtlMs: number | null,
  from: number,
  to: number
): Float64Array | null {
  if (messageTtlMs === null && lifetimes === null) return null
  for (let record = from; record < to; record++) {
    const own = lifetimes === null ? unlimitedMs : (lifetimes[record] ?? unlimitedMs)
    const deadlineMs = timeMs + Math.min(own, messageTtlMs ?? unlimitedMs)
    deadlines[record] = Math.min(deadlineMs, noDeadlineMs)
  }
  return deadlines
}

/** Of the accepted record at `position`. What is no number of milliseconds says nothing. */
export function timeToLiveMs(data: Uint8Array, position: number): number {
  if (data[position + 1] === nil) return unlimitedMs
  if (hasForeignProperties(data, position)) return foreignMs(data, position)
  const text = recordText(data, position, 'expiration')
  return text === null ? unlimitedMs : millisecondsOf(text)
}

function foreignMs(data: Uint8Array, position: number): number {
  // Most say nothing: this is asked of every message on every replica.
  const isSaid = (data[foreignStart(data, position)] ?? 0) & (foreignFlags.expiration >>> 8)
  if (isSaid === 0) return unlimitedMs
  const raw = foreignProperties(data, position)
  const at = foreignPosition(raw, foreignFlags.expiration)
  if (at < 0) return unlimitedMs
  const digits = raw.subarray(at + 1, at + 1 + (raw[at] ?? 0))
  return millisecondsOf(String.fromCharCode(...digits))
}

function millisecondsOf(text: string): number {
  return isExpiration(text) ? Number(text) : unlimitedMs
}
