// The priority that a message asks for: its property `priority`, 0 to 255, found in place.
import {
  foreignProperties,
  hasForeignProperties,
  recordLimits,
  recordNumber
} from '@holdfast/record'
import { foreignFlags, foreignPosition } from './foreign-properties.ts'

/** Of the records of the section at hand, as they ask and as one queue has them. */
const asked: Uint8Array = new Uint8Array(recordLimits.recordsMax)
const given: Uint8Array = new Uint8Array(recordLimits.recordsMax)

/** Of the accepted record at `position`; 0 where it says nothing. */
export function priorityOf(data: Uint8Array, position: number): number {
  if (!hasForeignProperties(data, position)) return recordNumber(data, position, 'priority') ?? 0
  const raw = foreignProperties(data, position)
  const at = foreignPosition(raw, foreignFlags.priority)
  return at < 0 ? 0 : (raw[at] ?? 0)
}

/** Looks what accepted records ask for, `starts[0, count)`. */
export function readPriorities(data: Uint8Array, starts: Uint32Array, count: number): void {
  for (let at = 0; at < count; at++) asked[at] = priorityOf(data, starts[at] ?? 0)
}

/** What those of them, `from` … `to - 1`, have in a queue whose highest is `max`. */
export function prioritiesIn(max: number, from: number, to: number): Uint8Array {
  for (let at = from; at < to; at++) given[at] = Math.min(asked[at] ?? 0, max)
  return given
}
