// The table of gateways: the next number of each, so that what a gateway sends to this shard is
// applied once and in order, whatever was in limbo when a leader died (architecture, A9).
import type { ShardLimits } from './queue/limits.ts'
import { blankSavedItem, forget, type SavedItem } from './saved-item.ts'
import type { SectionReply } from './shard-reply.ts'

export interface Gateway {
  /** The replica it runs in. */
  readonly replica: number
  epoch: number
  /** The only number that is accepted; lower ones are repeats. */
  next: number
  /** Log time of the last section. */
  lastMs: number
  /**
   * Replies other than a plain 'accepted', by number, ascending: the reply may have been lost with
   * a leader, and a repeat must not turn a refusal into a success.
   */
  readonly outcomes: Map<number, SectionReply>
}

export class GatewayTable {
  /** In the order of `lastMs`. */
  readonly #rows: Map<number, Gateway> = new Map()
  readonly #limits: ShardLimits
  readonly saved: SavedItem = blankSavedItem()

  constructor(limits: ShardLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#rows.size
  }

  get(replica: number): Gateway | undefined {
    return this.#rows.get(replica)
  }

  /** A new row, in place of the gateway's older one; the one silent longest makes room. */
  open(replica: number, epoch: number, number: number, timeMs: number): Gateway {
    const row = { replica, epoch, next: number, lastMs: timeMs, outcomes: new Map() }
    forget(this.saved)
    this.#rows.delete(replica)
    if (this.#rows.size >= this.#limits.gatewaysMax) {
      for (const oldest of this.#rows.keys()) {
        this.#rows.delete(oldest)
        break
      }
    }
    this.#rows.set(replica, row)
    return row
  }

  /** The next number is taken; `reply` is what its section got. */
  advance(row: Gateway, timeMs: number, reply: SectionReply): void {
    forget(this.saved)
    const isPlain = reply.type === 'accepted' && reply.missing.length === 0
    if (!isPlain) {
      row.outcomes.set(row.next, reply)
      if (row.outcomes.size > this.#limits.gatewayOutcomesMax) {
        for (const lowest of row.outcomes.keys()) {
          row.outcomes.delete(lowest)
          break
        }
      }
    }
    row.next++
    if (row.lastMs === timeMs) return
    row.lastMs = timeMs
    this.#rows.delete(row.replica)
    this.#rows.set(row.replica, row)
  }

  expire(timeMs: number): void {
    for (const [replica, row] of this.#rows) {
      if (timeMs - row.lastMs < this.#limits.gatewayExpiryMs) return
      forget(this.saved)
      this.#rows.delete(replica)
    }
  }

  rows(): IterableIterator<Gateway> {
    return this.#rows.values()
  }

  /** Puts saved rows back, in the order in which they were saved. */
  restore(rows: readonly Gateway[]): void {
    for (const row of rows) this.#rows.set(row.replica, row)
  }
}
