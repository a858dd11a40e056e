// What a load generator is told to do, and what it reports.
import type { SdkTls } from '@holdfast/testkit'

interface Common {
  readonly addresses: readonly string[]
  readonly sdk: string
  /** Null: plain. */
  readonly tls: SdkTls | null
}

export type Job = Common &
  (
    | {
        /** Publishes with confirms, at most `window` unconfirmed on each connection. */
        readonly type: 'publish'
        readonly queues: readonly string[]
        readonly size: number
        readonly window: number
        readonly connections: number
        /** Ends after so many messages; null: after `seconds`. */
        readonly messages: number | null
        readonly seconds: number
        readonly warmupSeconds: number
        /** Messages a second; 0: as fast as confirms come. */
        readonly rate: number
      }
    | {
        /** Consumes and acks each message, until told to stop or until `messages` have come. */
        readonly type: 'consume'
        readonly queue: string
        readonly prefetch: number
        readonly messages: number | null
      }
    | {
        readonly type: 'declare'
        readonly prefix: string
        readonly count: number
        /** Declarations under way at once. */
        readonly window: number
      }
  )

export interface JobResult {
  readonly messages: number
  readonly seconds: number
  readonly perSecond: number
  /** Publish to confirm, or publish to delivery; null where it was not measured. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

/** Latencies at most kept: beyond that every second one is dropped, then every fourth … */
const samplesMax = 100_000

/** Latency samples of bounded number, evenly thinned. */
export class Samples {
  #values: number[] = []
  #every = 1
  #seen = 0

  add(ms: number): void {
    this.#seen += 1
    if (this.#seen % this.#every !== 0) return
    this.#values.push(ms)
    if (this.#values.length < samplesMax) return
    this.#values = this.#values.filter((_, at) => at % 2 === 1)
    this.#every *= 2
  }

  clear(): void {
    this.#values = []
  }

  summary(): { p50Ms: number | null; p99Ms: number | null; maxMs: number | null } {
    const sorted = this.#values.toSorted((left, right) => left - right)
    const at = (share: number): number | null =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null
    return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: sorted.at(-1) ?? null }
  }
}
