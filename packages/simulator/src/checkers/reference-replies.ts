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

/** Which of them a malformed record gets is the decoder's business. */
export const decoderCodes: ReadonlySet<string> = new Set([
  'FRAME_INVALID',
  'MESSAGE_TOO_LARGE',
  'OPTION_UNKNOWN',
  'OPTION_INVALID'
])

/** What of a reply is compared: all but the words of a refusal. Neighbouring pairs are joined. */
export function plain(reply: SectionReply): string {
  switch (reply.type) {
    case 'refused':
      return `refused ${decoderCodes.has(reply.code) ? '' : reply.code}`
    case 'settled': {
      const joined: number[] = []
      for (let at = 0; at < reply.stale.length; at += 2) {
        const [first = 0, last = 0] = reply.stale.slice(at, at + 2)
        if (joined.at(-1) === first - 1) joined[joined.length - 1] = last
        else joined.push(first, last)
      }
      return `settled, stale ${joined}`
    }
    default:
      return JSON.stringify(reply)
  }
}
