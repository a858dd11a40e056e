// Confirms against the books of a client that reads acks literally: each tag has one outcome, the
// right one, however outcomes arrive.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { Confirms } from '../src/confirms.ts'
import { FrameReader, FrameWriter } from '../src/frame-codec.ts'
import { decodeMethod } from '../src/method-codec.ts'
import { join } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

/** What a client makes of acks and nacks. */
class Client {
  readonly outcomes = new Map<number, boolean>()
  /** Frames that were needed. */
  frames = 0

  take(chunks: readonly Uint8Array[]): void {
    const reader = new FrameReader(2 ** 20)
    reader.feed(join(chunks))
    while (reader.next()) {
      const method = decodeMethod(reader.payload)
      if (method.type !== 'basic.ack' && method.type !== 'basic.nack') throw new Error(method.type)
      this.frames++
      const { deliveryTag, multiple } = method
      for (let tag = multiple ? 1 : deliveryTag; tag <= deliveryTag; tag++) {
        const isOpen = !this.outcomes.has(tag)
        if (!isOpen && !multiple) throw new Error(`two outcomes for ${tag}`)
        if (isOpen) this.outcomes.set(tag, method.type === 'basic.ack')
      }
    }
  }
}

t.test('every publish has one outcome, its own', async (t) => {
  for (let round = 0; round < 50; round++) {
    const random = new Random(seed).split(`round ${round}`)
    const confirms = new Confirms()
    const client = new Client()
    const count = random.integer(1, 200)
    const tags = Array.from({ length: count }, (_, index) => index + 1)
    t.same(
      tags.map(() => confirms.next()),
      tags
    )
    const truth = new Map<number, boolean>()
    const open = [...tags]
    while (open.length > 0) {
      for (let outcomes = random.integer(0, 10); outcomes > 0 && open.length > 0; outcomes--) {
        const near = Math.min(open.length, random.chance(0.7) ? 1 : 20)
        const [tag = 0] = open.splice(random.below(near), 1)
        const isAccepted = random.chance(0.9)
        truth.set(tag, isAccepted)
        if (isAccepted) confirms.accept(tag, tag)
        else confirms.refuse(tag, tag)
      }
      const writer = new FrameWriter()
      confirms.write(writer, 1)
      client.take(writer.take())
      t.same(
        [...client.outcomes].sort(([a], [b]) => a - b),
        [...truth].sort(([a], [b]) => a - b),
        `seed ${seed}, round ${round}`
      )
    }
  }
})

t.test('what arrives in order is one frame a turn', async (t) => {
  const confirms = new Confirms()
  const client = new Client()
  for (let tag = 1; tag <= 1_000; tag++) confirms.next()
  for (let first = 1; first <= 1_000; first += 100) {
    confirms.accept(first, first + 99)
    const writer = new FrameWriter()
    confirms.write(writer, 1)
    client.take(writer.take())
  }
  t.equal(client.frames, 10)
  t.equal(client.outcomes.size, 1_000)
})
