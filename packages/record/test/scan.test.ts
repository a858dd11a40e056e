// The scanner against every prefix, flipped bits and lying lengths: a coded error or an exact end.
import { isDeepStrictEqual } from 'node:util'
import { HoldfastError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { pack, skipValue, unpack } from '../src/index.ts'
import { valueEnd } from '../src/scan.ts'

function randomValue(random: Random, depth: number): unknown {
  const integers = [
    0,
    1,
    -1,
    127,
    128,
    -32,
    -33,
    255,
    256,
    65_535,
    65_536,
    -32_769,
    2 ** 31,
    2 ** 32
  ]
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return null
    case 1:
      return random.chance(0.5)
    case 2:
      return random.pick([...integers, 2 ** 53 - 1, -(2 ** 53 - 1)])
    case 3:
      return random.pick([0.5, -1.25e300, Number.POSITIVE_INFINITY])
    case 4:
      return 'ñ€𝄞a'.repeat(random.below(90))
    case 5:
      return new Uint8Array(random.below(400)).fill(7)
    case 6:
      return Array.from({ length: random.below(20) }, () => randomValue(random, depth - 1))
    default: {
      const map: Record<string, unknown> = Object.create(null)
      for (let index = random.below(20); index > 0; index--) {
        map[random.pick(['a', 'constructor', '__proto__', `k${index}`])] = randomValue(
          random,
          depth - 1
        )
      }
      return map
    }
  }
}

function isCoded(run: () => unknown): boolean {
  try {
    run()
    return true
  } catch (error) {
    return error instanceof HoldfastError && error.code !== 'INTERNAL'
  }
}

t.test('packs and unpacks any value, and the scanner finds its end', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 400; round++) {
    const value = randomValue(random, 4)
    const bytes = pack(value)
    t.equal(skipValue(bytes, 0, bytes.length), bytes.length)
    t.equal(valueEnd(bytes, 0), bytes.length)
    if (!isDeepStrictEqual(unpack(bytes), value)) t.fail('another value', { seed: random.seed })
  }
})

t.test('refuses each value truncated at every byte', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  for (let round = 0; round < 60; round++) {
    const bytes = pack(randomValue(random, 2))
    for (let length = 0; length < bytes.length; length++) {
      try {
        skipValue(bytes, 0, length)
        t.fail('accepted a prefix', { seed: random.seed })
      } catch (error) {
        if (!(error instanceof HoldfastError)) throw error
        if (error.code !== 'FRAME_INVALID') t.fail('another code', { code: error.code })
      }
    }
  }
})

t.test(
  'answers flipped bits with a value or a coded error, and never reads past the end',
  async (t) => {
    const random = new Random(chooseSeed())
    t.comment(`seed ${random.seed}`)
    for (let round = 0; round < 3_000; round++) {
      const bytes = pack(randomValue(random, 3))
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        const at = random.below(bytes.length)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      }
      if (!isCoded(() => unpack(bytes))) t.fail('another error', { bytes: [...bytes] })
      try {
        const end = skipValue(bytes, 0, bytes.length)
        if (end > bytes.length) t.fail('an end behind the end')
        if (valueEnd(bytes, 0) !== end) t.fail('the two walks disagree')
      } catch {
        // Refused, and checked above to be a coded error.
      }
    }
  }
)

t.test('compares lengths with what is there before it acts on them', async (t) => {
  const lying = [
    [0xc6, 0xff, 0xff, 0xff, 0xff, 1],
    [0xdb, 0xff, 0xff, 0xff, 0xff, 1],
    [0xdd, 0xff, 0xff, 0xff, 0xff, 1],
    [0xdf, 0xff, 0xff, 0xff, 0xff, 0xa0, 1],
    [0xdf, 0x80, 0x00, 0x00, 0x00, 0xa0, 1],
    [0xdc, 0xff, 0xff],
    [0xde, 0xff],
    [0xa5, 0x61]
  ]
  for (const bytes of lying) {
    t.throws(() => skipValue(Uint8Array.from(bytes), 0, bytes.length), { code: 'FRAME_INVALID' })
  }
})

t.test('refuses ext types, the unused type, and keys that are not strings', async (t) => {
  const refused = [
    [0xc1],
    [0xc7, 0, 0],
    [0xc8, 0, 0, 0],
    [0xc9, 0, 0, 0, 0, 0],
    [0xd4, 0, 0],
    [0xd8, 0, ...new Array(16).fill(0)],
    [0x81, 1, 1],
    [0x81, 0xc0, 1],
    [0x81, 0xc4, 0, 1],
    [0x81, 0x90, 1]
  ]
  for (const bytes of refused) {
    t.throws(() => unpack(Uint8Array.from(bytes)), { code: 'FRAME_INVALID' })
  }
  t.throws(() => unpack(Uint8Array.from([1, 2])), { code: 'FRAME_INVALID' }, 'something follows')
  t.throws(() => unpack(new Uint8Array()), { code: 'FRAME_INVALID' }, 'nothing at all')
})

t.test('refuses integers beyond 2^53', async (t) => {
  const wide = (type: number, value: bigint): Uint8Array => {
    const bytes = new Uint8Array(9)
    const view = new DataView(bytes.buffer)
    bytes[0] = type
    if (type === 0xcf) view.setBigUint64(1, value)
    else view.setBigInt64(1, value)
    return bytes
  }
  const limit = 2n ** 53n
  for (const value of [limit - 1n, 2n ** 32n, 2n ** 31n, 0n]) {
    t.equal(unpack(wide(0xcf, value)), Number(value))
    t.equal(unpack(wide(0xd3, value)), Number(value))
    t.equal(unpack(wide(0xd3, -value)), Number(-value))
  }
  for (const value of [limit, limit + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    t.throws(() => unpack(wide(0xcf, value)), { code: 'FRAME_INVALID' })
  }
  for (const value of [limit, -limit, 2n ** 63n - 1n, -(2n ** 63n)]) {
    t.throws(() => unpack(wide(0xd3, value)), { code: 'FRAME_INVALID' })
  }
})

t.test('bounds how deep containers nest', async (t) => {
  const nested = (depth: number, open: number[], inner: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth }, () => open).flat(), inner])
  for (const open of [[0x91], [0x81, 0xa0], [0xdc, 0, 1]]) {
    const deepest = nested(16, open, 0xc0)
    t.equal(skipValue(deepest, 0, deepest.length), deepest.length)
    t.throws(() => unpack(nested(17, open, 0xc0)), { code: 'FRAME_INVALID' })
    t.throws(() => unpack(nested(100_000, open, 0xc0)), { code: 'FRAME_INVALID' })
  }
})

t.test('refuses strings that are not UTF-8', async (t) => {
  for (const text of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xc3]]) {
    const bytes = Uint8Array.from([0xa0 + text.length, ...text])
    t.throws(() => unpack(bytes), { code: 'FRAME_INVALID' })
  }
})
