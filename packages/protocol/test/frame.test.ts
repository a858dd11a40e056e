// Cutting a stream into frames: every way to split it gives the same frames, and a length that lies
// reserves nothing.
import { HoldfastError } from '@holdfast/errors'
import { FrameReader, protocolLimits } from '@holdfast/protocol'
import t from 'tap'
import { between, join, makeRandom, pieces } from './generator.ts'

function framed(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + payload.length)
  new DataView(frame.buffer).setUint32(0, payload.length)
  frame.set(payload, 4)
  return frame
}

function readAll(reader: FrameReader, chunks: readonly Uint8Array[]): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (const chunk of chunks) {
    reader.feed(chunk)
    for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(frame)
  }
  return frames
}

t.test('two frames come out whole wherever the stream is split', async (t) => {
  const stream = join([framed(new Uint8Array([1, 2, 3])), framed(new Uint8Array(300).fill(7))])
  for (let at = 0; at <= stream.length; at++) {
    const parts = [stream.subarray(0, at), stream.subarray(at)]
    const frames = readAll(new FrameReader(1_000), parts)
    t.strictSame(
      frames.map(({ length }) => length),
      [3, 300]
    )
    t.ok(frames[1]?.every((byte) => byte === 7))
  }
  const bytewise = Array.from(stream, (byte) => new Uint8Array([byte]))
  t.strictSame(
    readAll(new FrameReader(1_000), bytewise).map(({ length }) => length),
    [3, 300]
  )
})

t.test('a frame within a chunk is a slice, one across chunks is copied once', async (t) => {
  const chunk = framed(new Uint8Array([1, 2, 3]))
  const reader = new FrameReader(1_000)
  reader.feed(chunk)
  t.equal(reader.next()?.buffer, chunk.buffer)
  reader.feed(chunk.subarray(0, 5))
  t.equal(reader.next(), null)
  t.equal(reader.heldBytes, 5)
  reader.feed(chunk.subarray(5))
  t.not(reader.next()?.buffer, chunk.buffer)
})

t.test('random frames in random pieces come out equal', async (t) => {
  const seed = 20_260
  const random = makeRandom(seed)
  for (let round = 0; round < 50; round++) {
    const payloads = Array.from({ length: between(random, 1, 20) }, () => {
      const length = random() < 0.1 ? between(random, 200_000, 900_000) : between(random, 1, 900)
      return new Uint8Array(length).fill(between(random, 0, 255))
    })
    const stream = join(payloads.map(framed))
    const chunks = pieces(random, stream, random() < 0.5 ? 70_000 : 2_000)
    const frames = readAll(new FrameReader(1_000_000), chunks)
    t.equal(Buffer.compare(join(frames), join(payloads)), 0, `seed ${seed} round ${round}`)
    t.strictSame(
      frames.map((f) => f.length),
      payloads.map((p) => p.length)
    )
  }
})

t.test('a frame that is too large is refused on its length, an empty one too', async (t) => {
  const codeOf = (bytes: number[]) => {
    try {
      readAll(new FrameReader(100), [new Uint8Array(bytes)])
      return 'none'
    } catch (error) {
      return HoldfastError.from(error).code
    }
  }
  t.equal(codeOf([0, 0, 0, 101]), 'FRAME_TOO_LARGE')
  t.equal(codeOf([255, 255, 255, 255]), 'FRAME_TOO_LARGE')
  t.equal(codeOf([0, 0, 0, 0]), 'FRAME_INVALID')
  t.equal(codeOf([0, 0, 0, 100]), 'none')
})

t.test('a claim of 16 MiB reserves no more than arrives', async (t) => {
  const { frameBytesMax } = protocolLimits
  const reader = new FrameReader(frameBytesMax)
  const header = new Uint8Array(4)
  new DataView(header.buffer).setUint32(0, frameBytesMax)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 64 }, () => new FrameReader(frameBytesMax))
  for (const each of readers) readAll(each, [header, new Uint8Array(1)])
  const grownBytes = process.memoryUsage().arrayBuffers - before
  t.ok(grownBytes < 64 * 32_768, `${grownBytes} bytes for 64`)
  const body = new Uint8Array(frameBytesMax).fill(3)
  const random = makeRandom(5)
  const [frame] = readAll(reader, [header, ...pieces(random, body, 65_536)])
  t.equal(frame?.length, frameBytesMax)
  t.ok(frame?.every((byte) => byte === 3))
})
