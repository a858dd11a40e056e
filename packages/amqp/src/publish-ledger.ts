// The publishes of one connection that have no outcome yet, by sequence: which channel each came
// from, its tag there, and what has to be sent back if it was mandatory.
import { assert } from '@holdfast/errors'
import { publishMemory } from './publish-memory.ts'
import type { PublishBatch } from './requests.ts'

/** Consecutive publishes of one channel. */
export interface PublishRun<Channel> {
  readonly first: number
  last: number
  readonly channel: Channel
  /** Tag of the first on a channel with confirms, else 0. */
  readonly firstTag: number
  /** What to send back, if it was mandatory: a run of its own. */
  readonly mandatory: PublishBatch | null
  bytes: number
  /** Without an outcome. */
  remaining: number
}

/** The part of a run that an outcome is about. */
export interface PublishPart<Channel> {
  readonly run: PublishRun<Channel>
  readonly first: number
  readonly last: number
}

/** A run is short, so that its bytes return soon in a stream that never ends. */
const runLengthMax = 128
const runBytesMax = 65_536

/** Runs that were answered are taken out of the list in blocks of at least this many. */
const sweepMin = 64

export class PublishLedger<Channel> {
  /** Ascending by sequence. */
  #runs: PublishRun<Channel>[] = []
  /** Index of the first run that may lack an outcome. */
  #head = 0
  #answered = 0
  #lastSequence = 0
  #unconfirmed = 0
  #unconfirmedBytes = 0

  /** Publishes without an outcome. */
  get unconfirmed(): number {
    return this.#unconfirmed
  }

  /** What they take in memory. */
  get unconfirmedBytes(): number {
    return this.#unconfirmedBytes
  }

  /** Every sequence below has its outcome. */
  get lowestUnconfirmed(): number {
    return this.#runs[this.#head]?.first ?? this.#lastSequence + 1
  }

  /** Notes one publish, and answers with its sequence. */
  add(channel: Channel, tag: number, batch: PublishBatch): number {
    const sequence = ++this.#lastSequence
    const bytes = publishMemory(batch)
    this.#unconfirmed++
    this.#unconfirmedBytes += bytes
    const run = this.#runs.at(-1)
    // Those between may be answered, and swept.
    const isNext = run?.last === sequence - 1
    if (run !== undefined && isNext && continues(run, channel, tag, batch)) {
      run.last = sequence
      run.bytes += bytes
      run.remaining++
      return sequence
    }
    const mandatory = batch.mandatory ? batch : null
    const way = { channel, firstTag: tag, mandatory, bytes, remaining: 1 }
    this.#runs.push({ first: sequence, last: sequence, ...way })
    return sequence
  }

  /** Sequences `first` to `last` have an outcome: the runs they are in. */
  take(first: number, last: number): PublishPart<Channel>[] {
    const parts: PublishPart<Channel>[] = []
    for (let at = this.#find(first); at < this.#runs.length; at++) {
      const run = this.#runs[at]
      if (run === undefined || run.first > last) break
      if (run.remaining === 0) continue
      const part = { run, first: Math.max(first, run.first), last: Math.min(last, run.last) }
      const count = part.last - part.first + 1
      run.remaining -= count
      assert(run.remaining >= 0, 'a publish is answered once')
      this.#unconfirmed -= count
      if (run.remaining === 0) {
        this.#answered++
        this.#unconfirmedBytes -= run.bytes
      }
      parts.push(part)
    }
    this.#sweep()
    return parts
  }

  /** Where a publish came from; undefined: that is forgotten. */
  channelOf(sequence: number): Channel | undefined {
    const run = this.#runs[this.#find(sequence)]
    return run !== undefined && run.first <= sequence ? run.channel : undefined
  }

  /** Index of the first run that ends at or after `sequence`. */
  #find(sequence: number): number {
    let low = 0
    let high = this.#runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#runs[middle]?.last ?? 0) < sequence) low = middle + 1
      else high = middle
    }
    return low
  }

  #sweep(): void {
    while (this.#runs[this.#head]?.remaining === 0) this.#head++
    if (this.#answered === this.#runs.length) this.#runs = []
    else if (this.#answered < sweepMin || this.#answered * 2 < this.#runs.length) return
    else this.#runs = this.#runs.filter((run) => run.remaining > 0)
    this.#head = 0
    this.#answered = 0
  }
}

function continues<Channel>(
  run: PublishRun<Channel>,
  channel: Channel,
  tag: number,
  { mandatory }: PublishBatch
): boolean {
  // An answered run may not grow: it is counted as answered.
  if (run.channel !== channel || run.remaining === 0) return false
  if (mandatory || run.mandatory !== null) return false
  if (run.last - run.first + 1 >= runLengthMax || run.bytes >= runBytesMax) return false
  return run.firstTag === 0 ? tag === 0 : tag === run.firstTag + (run.last - run.first) + 1
}

/** The confirm tags of a part; null where its channel has no confirms. */
export function tagsOf<Channel>({
  run,
  first,
  last
}: PublishPart<Channel>): { first: number; last: number } | null {
  if (run.firstTag === 0) return null
  const start = run.firstTag - run.first
  return { first: start + first, last: start + last }
}
