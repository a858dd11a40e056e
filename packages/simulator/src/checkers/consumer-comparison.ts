// Who else may consume from a queue of the machine, beside the same of the reference queue: what
// would be answered if it was asked.
import { consumerId, type QueueView } from '@holdfast/broker'
import { isTaken } from './reference-lifetimes.ts'
import type { ReferenceQueue } from './reference-types.ts'

const somebodyElse = { session: '', tag: '' }

/** Who is let in or kept away by mistake; null if nobody is. */
export function consumerDifference(
  queue: Pick<QueueView, 'consumers' | 'isTaken'>,
  expected: ReferenceQueue
): string | null {
  for (const { session, tag } of [...queue.consumers.values(), somebodyElse]) {
    for (const exclusive of [false, true]) {
      const key = { session, tag }
      const isKept = queue.isTaken(key, exclusive)
      if (isKept === isTaken(expected, consumerId(key), exclusive)) continue
      const who = `${tag || 'somebody else'}, ${exclusive ? 'exclusive' : 'shared'},`
      return `${isKept ? 'keeps away' : 'lets in'} ${who} by mistake`
    }
  }
  return null
}
