// Replies of the plain model, and the offsets in flat ranges.
import type { SectionReply } from '@holdfast/broker'

export const done: SectionReply = { type: 'done' }

export function refused(code: Extract<SectionReply, { type: 'refused' }>['code']): SectionReply {
  return { type: 'refused', code, details: {} }
}

/** Calls `visit` for each offset of flat pairs or triples, in their order. */
export function forEachOffset(
  ranges: readonly number[],
  width: 2 | 3,
  visit: (offset: number, attempt: number) => void
): void {
  for (let at = 0; at < ranges.length; at += width) {
    const [first = 0, last = 0, attempt = 0] = ranges.slice(at, at + width)
    for (let offset = first; offset <= last; offset += 1) visit(offset, attempt)
  }
}

export function offsetsOf(pairs: readonly number[]): Set<number> {
  const offsets = new Set<number>()
  forEachOffset(pairs, 2, (offset) => offsets.add(offset))
  return offsets
}
