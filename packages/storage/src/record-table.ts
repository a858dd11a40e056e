// Which records of the node log exist, how large they are, and how many live things each still
// holds (entries, blobs, manifests, index chunks, the checkpoint). A record below the checkpoint
// that holds nothing is dead: it waits in `dead` until enough have gathered to be deleted. Eight
// bytes a record.
import { assert } from '@holdfast/errors'

const blockRecords = 256

interface Block {
  readonly sizes: Uint32Array
  readonly counts: Uint32Array
  records: number
}

export class RecordTable {
  readonly #blocks = new Map<number, Block>()
  #lastNumber = -1
  #lastBlock: Block | null = null
  /** Records from this one on are replayed at the next open, and therefore stay. */
  #checkpoint = 0
  #sizeBytes = 0
  #dead: number[] = []
  #deadBytes = 0
  #heldBackBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get deadCount(): number {
    return this.#dead.length
  }

  get deadBytes(): number {
    return this.#deadBytes
  }

  /**
   * Bytes of records above the checkpoint that hold nothing any more: the next one lets them die.
   */
  get heldBackBytes(): number {
    return this.#heldBackBytes
  }

  /** Dead records that are not deleted yet. */
  get dead(): readonly number[] {
    return this.#dead
  }

  #block(sequence: number): Block | null {
    const number = Math.floor(sequence / blockRecords)
    if (number === this.#lastNumber) return this.#lastBlock
    this.#lastNumber = number
    this.#lastBlock = this.#blocks.get(number) ?? null
    return this.#lastBlock
  }

  has(sequence: number): boolean {
    return this.sizeOf(sequence) > 0
  }

  sizeOf(sequence: number): number {
    return this.#block(sequence)?.sizes[sequence % blockRecords] ?? 0
  }

  /** Enters a record, or raises its size: after an open, sizes are known from what records hold. */
  register(sequence: number, size: number): void {
    let block = this.#block(sequence)
    if (block === null) {
      const fresh = new Uint32Array(2 * blockRecords)
      const sizes = fresh.subarray(0, blockRecords)
      block = { sizes, counts: fresh.subarray(blockRecords), records: 0 }
      this.#blocks.set(Math.floor(sequence / blockRecords), block)
      this.#lastBlock = block
    }
    const at = sequence % blockRecords
    const known = block.sizes[at] ?? 0
    if (size <= known) return
    if (known === 0) block.records += 1
    block.sizes[at] = size
    this.#sizeBytes += size - known
  }

  /** The record holds one live thing more. */
  retain(sequence: number): void {
    const block = this.#block(sequence)
    const at = sequence % blockRecords
    assert(block !== null && (block.sizes[at] ?? 0) > 0, 'only a known record holds anything')
    block.counts[at] = (block.counts[at] ?? 0) + 1
  }

  /** The record holds one live thing less. */
  release(sequence: number): void {
    const block = this.#block(sequence)
    const at = sequence % blockRecords
    const count = block?.counts[at] ?? 0
    assert(block !== null && count > 0, 'only what is held can be released')
    block.counts[at] = count - 1
    if (count !== 1) return
    if (sequence < this.#checkpoint) this.#bury(sequence)
    else this.#heldBackBytes += block.sizes[at] ?? 0
  }

  #bury(sequence: number): void {
    this.#dead.push(sequence)
    this.#deadBytes += this.sizeOf(sequence)
  }

  /** A dead record of the time before this process, as the checkpoint lists it. */
  adoptDead(sequence: number, size: number): void {
    if (this.has(sequence)) return
    this.register(sequence, Math.max(1, size))
    this.#bury(sequence)
  }

  /**
   * A checkpoint stands at `sequence`: of the records between it and the last one, some are dead.
   */
  moveCheckpoint(sequence: number): void {
    for (let at = this.#checkpoint; at < sequence; at += 1) {
      const block = this.#block(at)
      const size = block?.sizes[at % blockRecords] ?? 0
      if (size > 0 && block?.counts[at % blockRecords] === 0) this.#bury(at)
    }
    this.#checkpoint = sequence
    this.#heldBackBytes = 0
  }

  /** For the recovery: the checkpoint that was found; nothing is judged dead by it. */
  startAt(checkpoint: number): void {
    this.#checkpoint = checkpoint
  }

  /** Hands over at most `countMax` dead records, which leave the table. */
  takeDead(countMax: number): readonly number[] {
    const taken = this.#dead.splice(0, countMax)
    for (const sequence of taken) {
      const block = this.#block(sequence)
      if (block === null) continue
      const size = block.sizes[sequence % blockRecords] ?? 0
      this.#deadBytes -= size
      this.#sizeBytes -= size
      block.sizes[sequence % blockRecords] = 0
      block.records -= 1
      if (block.records > 0) continue
      this.#blocks.delete(Math.floor(sequence / blockRecords))
      this.#lastNumber = -1
    }
    return taken
  }

  /** Calls `visit` for every record that holds something, in no particular order. */
  forEachLive(visit: (sequence: number) => void): void {
    for (const [number, block] of this.#blocks) {
      for (let at = 0; at < blockRecords; at += 1) {
        if ((block.counts[at] ?? 0) > 0) visit(number * blockRecords + at)
      }
    }
  }
}
