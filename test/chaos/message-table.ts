// What the checker knows of each message of one publisher, in typed arrays: about 40 bytes a
// message, so that a history of millions fits. Row = sequence; row 0 is not used.

/** Bits of `flags`. */
export const invoked = 1
export const confirmed = 2
export const failed = 4
export const unknown = 8
/** A delivery came that was not flagged as redelivered. */
export const unflagged = 16
/** A settlement that ends the message is committed. */
export const finished = 32

/** Queue number of a message that was delivered but never published. */
export const noQueue = 0xffff

export class MessageTable {
  flags: Uint8Array = new Uint8Array(1_024)
  queues: Uint16Array = new Uint16Array(1_024).fill(noQueue)
  sizes: Uint32Array = new Uint32Array(1_024)
  hashes: Uint32Array = new Uint32Array(1_024)
  /** Deliveries so far; stays at 65,535. */
  deliveries: Uint16Array = new Uint16Array(1_024)
  /** Highest delivery count seen. */
  counts: Uint16Array = new Uint16Array(1_024)
  /** Attachment under which its latest consumer holds it; 0: it holds it no more. */
  holds: Uint32Array = new Uint32Array(1_024)
  /** Consumer of the latest delivery. */
  consumers: Uint32Array = new Uint32Array(1_024)
  /** Offset in its queue; NaN where not known. */
  offsets: Float64Array = new Float64Array(1_024).fill(Number.NaN)
  invokedAt: Float64Array = new Float64Array(1_024)
  /** Highest sequence that has a row. */
  last = 0

  /** Makes room for a row. Sequences have no gaps, so that the table is as long as the history. */
  reach(sequence: number): void {
    if (sequence > this.last) this.last = sequence
    if (sequence < this.flags.length) return
    const length = Math.max(sequence + 1, this.flags.length * 2)
    const grow = <Column extends Uint8Array | Uint16Array | Uint32Array | Float64Array>(
      column: Column,
      wider: Column
    ): Column => {
      wider.set(column as never)
      return wider
    }
    this.flags = grow(this.flags, new Uint8Array(length))
    this.queues = grow(this.queues, new Uint16Array(length).fill(noQueue))
    this.sizes = grow(this.sizes, new Uint32Array(length))
    this.hashes = grow(this.hashes, new Uint32Array(length))
    this.deliveries = grow(this.deliveries, new Uint16Array(length))
    this.counts = grow(this.counts, new Uint16Array(length))
    this.holds = grow(this.holds, new Uint32Array(length))
    this.consumers = grow(this.consumers, new Uint32Array(length))
    this.offsets = grow(this.offsets, new Float64Array(length).fill(Number.NaN))
    this.invokedAt = grow(this.invokedAt, new Float64Array(length))
  }

  has(sequence: number, flag: number): boolean {
    return ((this.flags[sequence] ?? 0) & flag) !== 0
  }

  set(sequence: number, flag: number): void {
    this.flags[sequence] = (this.flags[sequence] ?? 0) | flag
  }
}

/** The deliveries of one consumer process and the settlements it made, in order. */
export class DeliveryTable {
  #publishers: Uint32Array = new Uint32Array(1_024)
  #sequences: Uint32Array = new Uint32Array(1_024)
  #queues: Uint16Array = new Uint16Array(1_024)
  #states: Uint8Array = new Uint8Array(1_024)
  /** Settled deliveries in the order of their settle events; those below `committed` are final. */
  #settled: Uint32Array = new Uint32Array(1_024)
  settledCount = 0
  committedCount = 0
  last = 0

  add(publisher: number, sequence: number, queue: number): void {
    this.last += 1
    if (this.last >= this.#states.length) {
      const length = this.last * 2
      const [publishers, sequences] = [new Uint32Array(length), new Uint32Array(length)]
      const [states, settled] = [new Uint8Array(length), new Uint32Array(length)]
      const queues = new Uint16Array(length)
      queues.set(this.#queues)
      this.#queues = queues
      publishers.set(this.#publishers)
      sequences.set(this.#sequences)
      states.set(this.#states)
      settled.set(this.#settled)
      this.#publishers = publishers
      this.#sequences = sequences
      this.#states = states
      this.#settled = settled
    }
    this.#publishers[this.last] = publisher
    this.#sequences[this.last] = sequence
    this.#queues[this.last] = queue
  }

  /** Of which message a delivery is. */
  messageOf(delivery: number): readonly [publisher: number, sequence: number] {
    return [this.#publishers[delivery] ?? 0, this.#sequences[delivery] ?? 0]
  }

  /** False if the delivery is not known or was settled before. `isFinal`: not a requeue. */
  settle(delivery: number, isFinal: boolean): boolean {
    if (delivery < 1 || delivery > this.last || this.#states[delivery] !== 0) return false
    this.#states[delivery] = isFinal ? 2 : 1
    this.#settled[this.settledCount] = delivery
    this.settledCount += 1
    return true
  }

  /** Takes back the settlements of a queue that are not committed yet: they may end nothing. */
  doubt(queue: number): void {
    for (let at = this.committedCount; at < this.settledCount; at += 1) {
      const delivery = this.#settled[at] ?? 0
      if (this.#queues[delivery] === queue) this.#states[delivery] = 1
    }
  }

  /** Calls `each` for the messages that the newly committed settlements end. */
  commit(count: number, each: (publisher: number, sequence: number) => void): boolean {
    if (count > this.settledCount) return false
    for (; this.committedCount < count; this.committedCount += 1) {
      const delivery = this.#settled[this.committedCount] ?? 0
      if (this.#states[delivery] !== 2) continue
      each(this.#publishers[delivery] ?? 0, this.#sequences[delivery] ?? 0)
    }
    return true
  }
}
