// Searches through the segments of a queue, from the one at `position` on, for the smallest offset
// at or above another that is of a kind; null if there is none.
import type { Segment } from './segment.ts'

/** Live, with a deadline after `afterMs`. */
export function findLive(
  segments: readonly Segment[],
  position: number,
  offset: number,
  afterMs: number
): number | null {
  for (let at = position; at < segments.length; at++) {
    const segment = segments[at]
    if (segment === undefined) break
    let row = segment.nextLive(Math.max(0, offset - segment.first))
    while (row >= 0 && segment.deadlineAt(row) <= afterMs) row = segment.nextLive(row + 1)
    if (row >= 0) return segment.first + row
  }
  return null
}

/** Live, with a deadline that has come by `byMs`. */
export function findDue(
  segments: readonly Segment[],
  position: number,
  offset: number,
  byMs: number
): number | null {
  for (let at = position; at < segments.length; at++) {
    const segment = segments[at]
    if (segment === undefined) break
    if (segment.deadlines === null) continue
    let row = segment.nextLive(Math.max(0, offset - segment.first))
    while (row >= 0 && segment.deadlineAt(row) > byMs) row = segment.nextLive(row + 1)
    if (row >= 0) return segment.first + row
  }
  return null
}

/** Ready, and of this priority. */
export function findReady(
  segments: readonly Segment[],
  position: number,
  offset: number,
  priority: number
): number | null {
  for (let at = position; at < segments.length; at++) {
    const segment = segments[at]
    if (segment === undefined) break
    if (segment.readyOf?.[priority] === 0) continue
    let row = segment.nextLive(Math.max(0, offset - segment.first), true)
    while (row >= 0 && segment.priorityAt(row) !== priority) row = segment.nextLive(row + 1, true)
    if (row >= 0) return segment.first + row
  }
  return null
}
