// Frames: cut out of any chunks, refused where they are none, and written without copying bodies.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { textField } from '../src/field-value.ts'
import { FrameReader, FrameWriter, frameType } from '../src/frame-codec.ts'
import { decodeMethod, type Method } from '../src/method-codec.ts'
import { methodTable } from '../src/method-table.ts'
import { encodeProperties, noProperties } from '../src/properties.ts'
import { codeOf, cutsOf, flipsOf, hex, join, randomMethod } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const names = Object.keys(methodTable) as (keyof typeof methodTable)[]

interface Frame {
  readonly type: number
  readonly channel: number
  readonly payload: Uint8Array
}

function framesOf(chunks: readonly Uint8Array[], limitBytes = 200_000): Frame[] {
  const reader = new FrameReader(limitBytes)
  const frames: Frame[] = []
  for (const chunk of chunks) {
    reader.feed(chunk)
    while (reader.next()) {
      const { type, channel, payload } = reader
      frames.push({ type, channel, payload: new Uint8Array(payload) })
    }
  }
  return frames
}

const publish: Method = {
  type: 'basic.publish',
  ticket: 0,
  exchange: '',
  routingKey: 'q',
  mandatory: false,
  immediate: false
}

function content(body: Uint8Array, frameBytesMax = 4_096): readonly Uint8Array[] {
  const writer = new FrameWriter()
  writer.frameBytesMax = frameBytesMax
  writer.content(3, publish, noProperties, body)
  return writer.take()
}

t.test('frames come back, however the stream is cut', async (t) => {
  const random = new Random(seed)
  const writer = new FrameWriter()
  const methods = Array.from({ length: 200 }, () => randomMethod(random, random.pick(names)))
  for (const [channel, method] of methods.entries()) writer.method(channel, method)
  writer.heartbeat()
  writer.content(7, publish, noProperties, random.bytes(20_000))
  const stream = join(writer.take())
  const whole = framesOf([stream])
  t.same(
    whole.slice(0, 200).map(({ payload }) => decodeMethod(payload)),
    methods
  )
  t.same(whole[200], { type: frameType.heartbeat, channel: 0, payload: new Uint8Array() })
  for (const longest of [1, 7, 100, 5_000]) {
    const chunks: Uint8Array[] = []
    for (let at = 0; at < stream.length; ) {
      const length = random.integer(1, longest)
      chunks.push(stream.subarray(at, at + length))
      at += length
    }
    t.same(framesOf(chunks), whole, `seed ${seed}, chunks of up to ${longest}`)
  }
})

t.test('a body is cut at frame-max, and not copied', async (t) => {
  const body = new Uint8Array(10_000).map((_, index) => index)
  const chunks = content(body)
  const [, header, ...bodies] = framesOf(chunks)
  t.same(header?.payload, hex('003c 0000 0000000000002710 0000'))
  t.same(
    bodies.map(({ payload }) => payload.length),
    [4_088, 4_088, 1_824]
  )
  t.same(join(bodies.map(({ payload }) => payload)), body)
  t.equal(chunks.filter((chunk) => chunk.buffer === body.buffer).length, 3, 'slices of the body')
})

t.test('a body of no bytes has no frame', async (t) => {
  t.equal(framesOf(content(new Uint8Array())).length, 2)
  t.equal(framesOf(content(new Uint8Array(1))).length, 3)
})

t.test('what is buffered is what is taken', async (t) => {
  const writer = new FrameWriter()
  writer.protocolHeader()
  writer.method(1, publish)
  writer.content(1, publish, noProperties, new Uint8Array(30_000))
  writer.content(1, publish, noProperties, new Uint8Array(5))
  writer.heartbeat()
  const buffered = writer.bufferedBytes
  const taken = join(writer.take())
  t.equal(taken.length, buffered)
  t.equal(writer.bufferedBytes, 0)
  t.same(taken.subarray(0, 8), hex('414d5150 00000901'))
  t.same(writer.take(), [])
})

t.test('headers that do not fit the frame-max of the client are left out', async (t) => {
  const writer = new FrameWriter()
  writer.frameBytesMax = 5_000
  const lengthOf = (text: number): number => {
    const headers = new Map([['a', textField('x'.repeat(text))]])
    writer.content(1, publish, encodeProperties({ headers, appId: 'a' }), new Uint8Array())
    return framesOf(writer.take())[1]?.payload.length ?? 0
  }
  t.equal(lengthOf(4_965), 5_000 - 8, 'it just fits')
  t.equal(lengthOf(4_966), 12 + 4)
  t.equal(lengthOf(70_000), 12 + 4, 'nobody looks into what is left out')
})

t.test('what was taken is not written again', async (t) => {
  const writer = new FrameWriter()
  writer.method(1, publish)
  const first = writer.take()
  const before = join(first)
  for (let round = 0; round < 2_000; round++) writer.method(2, publish)
  t.same(join(first), before)
  t.equal(framesOf(writer.take()).length, 2_000)
})

t.test('a stream cut at any byte waits for more', async (t) => {
  const stream = join(content(new Uint8Array(700)))
  const whole = framesOf([stream]).length
  for (const cut of cutsOf(stream)) {
    const code = codeOf(() => {
      if (framesOf([cut]).length >= whole) throw new Error('a frame out of nothing')
    })
    if (code !== 0) t.fail(`${code} at ${cut.length}`)
  }
})

t.test('any flipped bit gives frames or 501', async (t) => {
  for (const flipped of flipsOf(join(content(new Uint8Array(40))))) {
    const code = codeOf(() => framesOf([flipped]))
    if (code !== 0 && code !== 501) t.fail(`${code}`)
  }
})

t.test('a wrong type, a wrong end and too many bytes are refused at once', async (t) => {
  t.equal(
    codeOf(() => framesOf([hex('04')])),
    501
  )
  t.equal(
    codeOf(() => framesOf([hex('41 4d 51 50')])),
    501
  )
  t.equal(
    codeOf(() => framesOf([hex('08 0000 00000000 cd')])),
    501
  )
  t.equal(
    codeOf(() => framesOf([hex('03 0001 00000064')], 100)),
    0
  )
  t.equal(
    codeOf(() => framesOf([hex('03 0001 00000065')], 100)),
    501
  )
})

t.test('a chunk that is used up is not kept', async (t) => {
  const reader = new FrameReader(200)
  reader.feed(join([join(content(new Uint8Array(40))), hex('03 0001')]))
  while (reader.next()) t.ok(reader.payload.length > 0)
  t.equal(reader.payload.length, 0)
})

t.test('a length that lies reserves nothing', async (t) => {
  const reader = new FrameReader(2 ** 31)
  reader.feed(hex('03 0001 7fffffff 00'))
  const before = process.memoryUsage().arrayBuffers
  t.notOk(reader.next())
  t.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20)
})
