// The next of each priority against a search through everything, whatever comes, goes out, comes
// back and ends.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { LiveEntries } from '../../src/live-entries.ts'
import { DueSegments } from '../../src/queue/due-segments.ts'
import { MessageIndex } from '../../src/queue/message-index.ts'

const maxPriority = 7

interface Message {
  readonly offset: number
  readonly priority: number
  isOut: boolean
}

class Model {
  readonly random: Random
  readonly index = new MessageIndex(new LiveEntries(0), new DueSegments(), 1, maxPriority)
  messages: Message[] = []
  #entry = 0

  constructor(random: Random) {
    this.random = random
  }

  publish(): void {
    const count = this.random.pick([1, 3, 700])
    const priorities = Uint8Array.from({ length: count }, () =>
      this.random.pick([0, 0, 0, 1, 5, 7])
    )
    const starts = Uint32Array.from({ length: count + 1 }, (_, at) => 100 + at)
    const { tail } = this.index
    const outUpTo = tail + this.random.below(3)
    const reserved = { bodies: null, priorities, outUpTo }
    this.index.append(++this.#entry, 0, starts, 0, count, null, reserved)
    for (const [at, priority] of priorities.entries()) {
      const offset = tail + 1 + at
      this.messages.push({ offset, priority, isOut: offset <= outUpTo })
    }
  }

  /** What is next leaves the ready, as it would for a consumer. */
  take(): void {
    for (let left = this.random.below(30); left > 0; left--) {
      const offset = this.index.firstReady
      if (offset === null) return
      this.index.setOut(offset, true)
      const message = this.messages.find((each) => each.offset === offset)
      if (message !== undefined) message.isOut = true
    }
  }

  comeBack(): void {
    for (const message of this.messages) {
      if (!message.isOut || this.random.chance(0.8)) continue
      message.isOut = false
      this.index.setOut(message.offset, false)
    }
  }

  settle(): void {
    const first = 1 + this.random.below(this.index.tail + 1)
    const last = first + this.random.below(1_500)
    this.index.settle(first, last, null, null)
    this.messages = this.messages.filter(({ offset }) => offset < first || offset > last)
  }

  ready(priority: number, from: number): number | null {
    const found = this.messages.find((message) => {
      return !message.isOut && message.priority === priority && message.offset >= from
    })
    return found?.offset ?? null
  }
}

t.test('the next of a priority is the oldest of it that is ready', async (t) => {
  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const model = new Model(new Random(seed))
  const { random, index } = model
  for (let step = 0; step < 200 && t.passing(); step++) {
    random.pick([
      () => model.publish(),
      () => model.take(),
      () => model.comeBack(),
      () => model.settle()
    ])()
    const from = 1 + random.below(index.tail + 1)
    const next: (number | null)[] = []
    const expected: (number | null)[] = []
    for (let priority = 0; priority <= maxPriority; priority++) {
      next.push(index.nextReady(1, priority), index.nextReady(from, priority))
      expected.push(model.ready(priority, 1), model.ready(priority, from))
    }
    t.strictSame(next, expected, `step ${step}`)
    const firsts = expected.filter((_, at) => at % 2 === 0)
    t.equal(index.firstReady, firsts.findLast((offset) => offset !== null) ?? null)
  }
})

t.test('without priorities nothing is first, and offsets are the order', async (t) => {
  const index = new MessageIndex(new LiveEntries(0))
  index.append(1, 0, Uint32Array.of(1, 2, 3), 0, 2)
  t.equal(index.firstReady, null)
  t.equal(index.nextReady(1), 1)
  t.equal(index.nextReady(2), 2)
})
