// The content of a publish: gathered from any frames, and nothing reserved for what did not come.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { ContentGatherer } from '../src/content.ts'
import { frameType } from '../src/frame-codec.ts'
import { codeOf, hex, written } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const { header, body, method } = frameType

function headerOf(size: number, properties = '0000', classId = 60): Uint8Array {
  return written((writer) => {
    writer.short(classId)
    writer.short(0)
    writer.longlong(size)
    writer.raw(hex(properties))
  })
}

t.test('a body in one frame is a slice, in several it is whole', async (t) => {
  const random = new Random(seed)
  const gatherer = new ContentGatherer()
  const bytes = random.bytes(50_000)
  t.equal(gatherer.take(header, headerOf(bytes.length, '8000 0161')), null)
  t.equal(gatherer.take(body, bytes)?.body, bytes)
  gatherer.take(header, headerOf(bytes.length, '8000 0161'))
  for (let at = 0; at < bytes.length; ) {
    const length = Math.min(random.below(9_000), bytes.length - at)
    const content = gatherer.take(body, bytes.subarray(at, at + length))
    at += length
    if (at < bytes.length) t.equal(content, null)
    else t.same(content, { properties: hex('8000 0161'), body: bytes }, `seed ${seed}`)
  }
})

t.test('a body of no bytes ends with its header', async (t) => {
  const gatherer = new ContentGatherer()
  t.equal(gatherer.take(header, headerOf(0))?.body.length, 0)
})

t.test('a size that lies reserves nothing', async (t) => {
  const gatherers = Array.from({ length: 100 }, () => new ContentGatherer())
  const before = process.memoryUsage().arrayBuffers
  for (const gatherer of gatherers) {
    gatherer.take(header, headerOf(2 ** 24))
    gatherer.take(body, new Uint8Array(10))
  }
  t.ok(process.memoryUsage().arrayBuffers - before < 100 * 2 ** 16)
})

t.test('what is kept of an unfinished content does not pin its chunk', async (t) => {
  const gatherer = new ContentGatherer()
  const frame = headerOf(5, '8000 0161')
  const chunk = new Uint8Array(65_536)
  chunk.set(frame)
  gatherer.take(header, chunk.subarray(0, frame.length))
  t.equal(gatherer.bytes, 4)
  gatherer.unpin()
  chunk.fill(0)
  const content = gatherer.take(body, new Uint8Array(5))
  t.same(content?.properties, hex('8000 0161'))
  t.equal(content?.properties.buffer.byteLength, 4)
  t.equal(gatherer.bytes, 0)
})

t.test('what is not due is refused', async (t) => {
  const taken = (...frames: [number, Uint8Array][]) =>
    codeOf(() => {
      const gatherer = new ContentGatherer()
      for (const [type, payload] of frames) gatherer.take(type, payload)
    })
  t.equal(taken([method, hex('003c0050')]), 505)
  t.equal(taken([body, hex('00')]), 505)
  t.equal(taken([header, headerOf(3)], [method, hex('003c0050')]), 505)
  t.equal(taken([header, headerOf(3)], [header, headerOf(3)]), 505)
  t.equal(taken([header, headerOf(3, '0000', 10)]), 505)
  t.equal(taken([header, headerOf(3)], [body, hex('00000000')]), 501)
  t.equal(taken([header, headerOf(2 ** 24)]), 0)
  t.equal(taken([header, headerOf(2 ** 24 + 1)]), 406)
  t.equal(taken([header, hex('003c 0000')]), 502)
  t.equal(taken([header, headerOf(3, '8000')]), 502)
})
