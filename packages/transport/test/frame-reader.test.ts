// Frames of a link, whole, in pieces, and damaged.
import t from 'tap'
import { FrameReader, frameHeader, heartbeatFrame } from '../src/frame-reader.ts'
import { transportLimits } from '../src/limits.ts'

function frame(payload: Uint8Array): Buffer {
  const { header } = frameHeader([payload])
  return Buffer.concat([header, payload])
}

function readAll(chunks: readonly Buffer[]): Buffer[] {
  const reader = new FrameReader()
  const frames: Buffer[] = []
  for (const chunk of chunks) reader.push(chunk, (bytes) => frames.push(Buffer.from(bytes)))
  return frames
}

const payloads = [Buffer.from('a'), Buffer.alloc(100, 7), Buffer.from('the last one')]
const stream = Buffer.concat([
  frame(payloads[0] ?? Buffer.alloc(0)),
  heartbeatFrame,
  frame(payloads[1] ?? Buffer.alloc(0)),
  frame(payloads[2] ?? Buffer.alloc(0))
])

t.test('reads the same frames wherever the stream is split', async (t) => {
  for (let split = 0; split <= stream.length; split++) {
    t.same(readAll([stream.subarray(0, split), stream.subarray(split)]), payloads)
  }
  t.same(readAll([...stream].map((byte) => Buffer.from([byte]))), payloads)
})

t.test('gives slices of the chunk, not copies', async (t) => {
  const chunk = frame(Buffer.alloc(1000, 1))
  new FrameReader().push(chunk, (bytes) => t.equal(bytes.buffer, chunk.buffer))
})

t.test('a header made of several chunks covers them all', async (t) => {
  const { header, length } = frameHeader([Buffer.from('ab'), Buffer.from('cd')])
  t.equal(length, 4)
  t.same(readAll([Buffer.concat([header, Buffer.from('abcd')])]), [Buffer.from('abcd')])
})

t.test('no flipped bit passes', async (t) => {
  const good = frame(Buffer.alloc(20, 3))
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = Buffer.from(good)
    const position = Math.floor(bit / 8)
    bad[position] = (bad[position] ?? 0) ^ (1 << (bit % 8))
    let frames: Buffer[] = []
    let code = 'none'
    try {
      frames = readAll([bad])
    } catch (error) {
      code = (error as { code: string }).code
    }
    // A larger length just waits for more; it is never a frame.
    t.same(frames, [])
    t.ok(['none', 'FRAME_INVALID', 'FRAME_TOO_LARGE'].includes(code), `${bit}: ${code}`)
  }
})

t.test('a length beyond the bound is refused before anything is allocated', async (t) => {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(transportLimits.frameBytesMax + 1)
  t.throws(() => readAll([header]), { code: 'FRAME_TOO_LARGE' })
  t.throws(() => readAll([header.subarray(0, 3), header.subarray(3)]), { code: 'FRAME_TOO_LARGE' })
})

t.test('a frame that claims much and brings little does not get its buffer', async (t) => {
  const header = Buffer.alloc(8)
  header.writeUInt32BE(transportLimits.frameBytesMax)
  const before = process.memoryUsage().arrayBuffers
  const readers = Array.from({ length: 20 }, () => new FrameReader())
  for (const reader of readers)
    reader.push(Buffer.concat([header, Buffer.alloc(10)]), () => undefined)
  const grown = process.memoryUsage().arrayBuffers - before
  t.ok(grown < 40 * transportLimits.trustedFrameBytes, `${grown} bytes`)
})

t.test('a large frame that straddles many chunks arrives whole', async (t) => {
  const payload = Buffer.alloc(5 * 1024 * 1024)
  for (let position = 0; position < payload.length; position += 997)
    payload[position] = position % 251
  const bytes = frame(payload)
  const chunks: Buffer[] = []
  for (let start = 0; start < bytes.length; start += 65_536) {
    chunks.push(bytes.subarray(start, start + 65_536))
  }
  const [only] = readAll(chunks)
  t.ok(only?.equals(payload))
})
