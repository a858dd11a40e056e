// What of a queue with priorities is to be handed out next, at its leader: what the log has
// reserved for consumers, the highest priority first, and the oldest of it.
import { addPair, type QueueView } from '@holdfast/broker'
import { DueJudge } from './due-judge.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import type { NextMessages } from './next-messages.ts'
import { OffsetHeap } from './offset-heap.ts'

/** Above all offsets: a priority is lower by so much. */
const priorityStep = 2 ** 45

export class NextByPriority implements NextMessages {
  readonly judge: DueJudge = new DueJudge()
  readonly #queue: QueueView
  readonly #held: HeldDeliveries
  /** Reserved, and not handed out: offsets, with how far they are below the highest priority. */
  readonly #reserved = new OffsetHeap()

  constructor(queue: QueueView, held: HeldDeliveries) {
    this.#queue = queue
    this.#held = held
  }

  get cursor(): number {
    return this.#queue.tail + 1
  }

  get isEmpty(): boolean {
    return this.#reserved.size === 0 && this.#queue.readyCount === 0
  }

  /** What may be handed out, at most. */
  get reservedCount(): number {
    return this.#reserved.size
  }

  rewind(): void {
    this.#reserved.clear()
    let offset = this.#queue.nextLive(1)
    for (; offset !== null; offset = this.#queue.nextLive(offset + 1)) {
      if (!this.#held.has(offset)) this.giveBack(offset)
    }
  }

  passed(): void {}

  giveBack(offset: number): void {
    const row = this.#queue.row(offset)
    if (row === null || !this.#queue.isOut(offset)) return
    const below = this.#queue.settings.maxPriority - row.priority
    this.#reserved.push(below * priorityStep + offset)
  }

  arrived(first: number, last: number): void {
    this.judge.arrived(first)
    this.returned(first, last)
  }

  returned(first: number, last: number): void {
    for (let offset = first; offset <= last; offset++) this.giveBack(offset)
  }

  takeReturned(): number | null {
    for (;;) {
      const offset = this.#take()
      if (offset === null) return null
      const row = this.#queue.row(offset)
      if (row !== null && row.deadlineMs > this.judge.msAt(offset)) return offset
    }
  }

  /** Takes all but the first `count`, as pairs. */
  takeRest(count: number): number[] {
    const kept: number[] = []
    const rest: number[] = []
    for (let offset = this.#take(); offset !== null; offset = this.#take()) {
      if (kept.length < count) kept.push(offset)
      else addPair(rest, offset, offset)
    }
    for (const offset of kept) this.giveBack(offset)
    return rest
  }

  /** Something may be there twice, or have left the queue. */
  #take(): number | null {
    for (;;) {
      const key = this.#reserved.pop()
      if (key === undefined) return null
      const offset = key % priorityStep
      while (this.#reserved.peek() === key) this.#reserved.pop()
      if (this.#queue.isOut(offset) && !this.#held.has(offset)) return offset
    }
  }

  nextFresh(): null {
    return null
  }
}
