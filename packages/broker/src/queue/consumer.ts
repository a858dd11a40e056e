// A consumer as all replicas know it: who it is and how it takes messages, not what it holds. What
// it holds is the leader's business (architecture, A8).
import type { ConsumerKey } from '../shard-command.ts'

export interface Consumer extends ConsumerKey {
  /** Unsettled deliveries at most; 0 means no bound. */
  readonly prefetch: number
  /** Deliveries count as settled when they are sent. */
  readonly autoAck: boolean
  /** No other consumer may attach to the queue. */
  readonly exclusive: boolean
  /** Who has a higher one gets messages first, for as long as it has credit; 32 bits, signed. */
  readonly priority: number
}

/** The key under which a queue knows a consumer; a session is hexadecimal, so '/' ends it. */
export function consumerId(key: ConsumerKey): string {
  return `${key.session}/${key.tag}`
}
