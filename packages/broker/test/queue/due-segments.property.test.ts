// Where messages expire, against a model that looks at all of them: random lives, settlements,
// returns, clocks, snapshots. What is due, in nobody's hands and not told yet is always found.
import { chooseSeed, Random } from '@holdfast/testkit'
import t, { type Test } from 'tap'
import { ByteReader, ByteWriter } from '../../src/bytes.ts'
import { LiveEntries } from '../../src/live-entries.ts'
import { DueSegments } from '../../src/queue/due-segments.ts'
import { MessageIndex } from '../../src/queue/message-index.ts'
import { readSegment, writeSegment } from '../../src/queue/saved-segment.ts'
import { noDeadlineMs, type Segment } from '../../src/queue/segment.ts'

const starts = Uint32Array.from({ length: 3_001 }, (_, index) => 100 + index * 10)
const queues = [1, 2, 3] as const

interface Message {
  readonly deadlineMs: number
  isHeld: boolean
  isTold: boolean
}

class Bench {
  readonly #random: Random
  due: DueSegments = new DueSegments()
  indexes: MessageIndex[] = []
  readonly messages: Map<number, Message>[] = queues.map(() => new Map())
  entry = 0
  /** Clocks fall back a few times before they go on. */
  nowMs = 1_000_000

  constructor(random: Random) {
    this.#random = random
    this.indexes = this.#blank()
  }

  #blank(): MessageIndex[] {
    const live = new LiveEntries()
    return queues.map((queue) => new MessageIndex(live, this.due, queue))
  }

  publish(at: number): void {
    const random = this.#random
    const count = 1 + random.below(random.chance(0.1) ? 3_000 : 20)
    const isTimed = random.chance(0.8)
    const deadlines = Float64Array.from({ length: count }, () => {
      if (random.chance(0.2)) return noDeadlineMs
      return this.nowMs + random.below(random.chance(0.1) ? 2 ** 32 : 2_000)
    })
    const index = this.indexes[at]
    const first = (index?.tail ?? 0) + 1
    index?.append(++this.entry, 20, starts, 0, count, isTimed ? deadlines : null)
    for (const [position, deadlineMs] of deadlines.entries()) {
      const message = { deadlineMs: isTimed ? deadlineMs : noDeadlineMs, isHeld: false }
      this.messages[at]?.set(first + position, { ...message, isTold: false })
    }
  }

  #someOf(at: number): number[] {
    const offsets = [...(this.messages[at]?.keys() ?? [])]
    const from = this.#random.below(offsets.length + 1)
    const length = this.#random.chance(0.2) ? 1_500 : 1 + this.#random.below(10)
    return offsets.slice(from, from + length)
  }

  settle(at: number): void {
    for (const offset of this.#someOf(at)) {
      this.indexes[at]?.settle(offset, offset, null, null)
      this.messages[at]?.delete(offset)
    }
  }

  hold(at: number): void {
    for (const offset of this.#someOf(at)) {
      const message = this.messages[at]?.get(offset)
      if (message !== undefined) message.isHeld = true
    }
  }

  giveBack(at: number): void {
    for (const offset of this.#someOf(at)) {
      const message = this.messages[at]?.get(offset)
      if (message?.isHeld !== true) continue
      this.indexes[at]?.giveBack(offset, offset, null, true, [], null)
      message.isHeld = false
      message.isTold = false
    }
  }

  /** Another replica goes on from a snapshot. */
  restore(): void {
    const before = this.indexes
    this.due = new DueSegments()
    this.indexes = this.#blank()
    for (const [at, index] of this.indexes.entries()) {
      index.tail = before[at]?.tail ?? 0
      for (const segment of before[at]?.segments ?? []) {
        if (segment.liveCount > 0) index.restoreSegment(copyOf(segment))
      }
      for (const message of this.messages[at]?.values() ?? []) message.isTold = false
    }
  }

  /** All that is due, in several looks if there is much. */
  look(t: Test): void {
    const isHeld = (queue: number, offset: number): boolean => {
      const message = this.messages[queue - 1]?.get(offset)
      if (message?.isHeld !== true) return false
      message.isTold = true
      return true
    }
    for (const countMax of [100, 1_000, 1_000_000]) {
      let count = 0
      for (const { queue, ranges } of this.due.take(this.nowMs, countMax, isHeld)) {
        count += this.#told(t, queue - 1, ranges)
      }
      if (count > countMax) t.fail('more than were asked for', { count })
    }
    if (this.due.nextMs <= this.nowMs) t.fail('something is left', { nextMs: this.due.nextMs })
    for (const [at, messages] of this.messages.entries()) {
      for (const [offset, { deadlineMs, isTold }] of messages) {
        if (!isTold && deadlineMs <= this.nowMs) t.fail('not found', { place: [at, offset] })
        if (!isTold && deadlineMs < Math.min(this.due.nextMs, noDeadlineMs))
          t.fail('found too late', { place: [at, offset] })
      }
    }
  }

  /** Most expire; some are in limbo and told again, or not. */
  #told(t: Test, at: number, ranges: readonly number[]): number {
    let count = 0
    for (let position = 0; position < ranges.length; position += 2) {
      const [first = 0, last = 0] = [ranges[position], ranges[position + 1]]
      for (let offset = first; offset <= last; offset++) {
        count++
        const message = this.messages[at]?.get(offset)
        if (message === undefined) t.fail('it is gone', { place: [at, offset] })
        else if (message.isHeld) t.fail('it is held', { place: [at, offset] })
        else if (message.deadlineMs > this.nowMs) t.fail('it is not due', { place: [at, offset] })
        else message.isTold = true
      }
      if (this.#random.chance(0.1)) continue
      this.indexes[at]?.settle(first, last, null, null)
      for (let offset = first; offset <= last; offset++) this.messages[at]?.delete(offset)
    }
    return count
  }
}

function copyOf(segment: Segment): Segment {
  const writer = new ByteWriter()
  writeSegment(writer, segment)
  return readSegment(new ByteReader(writer.finish()))
}

t.test('finds what is due', async (t) => {
  // biome-ignore lint/style/noProcessEnv: for a longer run by hand.
  const rounds = Number(process.env['ROUNDS'] ?? 10)
  let seed = chooseSeed()
  for (let round = 0; round < rounds && t.passing(); round++, seed++) {
    t.comment(`seed ${seed}`)
    const random = new Random(seed)
    const bench = new Bench(random)
    for (let step = 0; step < 300 && t.passing(); step++) {
      const at = random.below(queues.length)
      const roll = random.below(100)
      if (roll < 35) bench.publish(at)
      else if (roll < 50) bench.settle(at)
      else if (roll < 60) bench.hold(at)
      else if (roll < 70) bench.giveBack(at)
      else if (roll < 73) bench.restore()
      // Where a clock was ahead, an earlier look comes behind.
      else if (random.chance(0.1)) bench.nowMs -= 300
      else {
        bench.nowMs += random.below(random.chance(0.1) ? 3_000 : 100)
        bench.look(t)
      }
    }
    bench.nowMs += 2 ** 33
    bench.look(t)
  }
})
