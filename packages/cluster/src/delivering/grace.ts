// How long consumers that the log knows may stay away, after an election or behind a broken link,
// before they are taken for gone.
import type { QueueView } from '@holdfast/broker'
import { times } from '../limits.ts'

/**
 * In milliseconds, where `away` consumers of the queue are not there. Those that are there should
 * not wait long for what the others hold. Where none is, and the queue would go with them, somebody
 * may be there whose node only stood still: a queue that is lost does not come back.
 */
export function graceMs({ settings, consumers }: QueueView, away: number): number {
  const wouldEnd = settings.autoDelete && away > 0 && away === consumers.size
  return wouldEnd ? times.lastConsumerGraceMs : times.reattachGraceMs
}
