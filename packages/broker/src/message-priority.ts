// The priority that a message asks for: its property `priority`, 0 to 255, found in place.
import { foreignProperties, hasForeignProperties, recordNumber } from '@holdfast/record'
import { foreignFlags, foreignPosition } from './foreign-properties.ts'

/** Of the accepted record at `position`; 0 where it says nothing. */
export function priorityOf(data: Uint8Array, position: number): number {
  if (!hasForeignProperties(data, position)) return recordNumber(data, position, 'priority') ?? 0
  const raw = foreignProperties(data, position)
  const at = foreignPosition(raw, foreignFlags.priority)
  return at < 0 ? 0 : (raw[at] ?? 0)
}

/** Of accepted records, `starts[0, count)`. */
export function readPriorities(
  data: Uint8Array,
  starts: Uint32Array,
  count: number,
  priorities: Uint8Array
): void {
  for (let at = 0; at < count; at++) priorities[at] = priorityOf(data, starts[at] ?? 0)
}
