// UTF-8 by hand is compared with the platform's own coder, on random text and on random bytes.

import { HoldfastError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { isUtf8, utf8Decode, utf8Encode, utf8Length } from '../src/index.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function platformDecode(bytes: Uint8Array): string | null {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}

/** With what it is refused; null if it is not. */
function codeOf(bytes: Uint8Array): string | null {
  try {
    utf8Decode(bytes)
    return null
  } catch (error) {
    return HoldfastError.from(error).code
  }
}

t.test('agrees with the platform on well-formed text', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  const ranges = [
    [0, 0x80],
    [0x80, 0x800],
    [0x800, 0xd800],
    [0xe000, 0x10000],
    [0x10000, 0x110000]
  ] as const
  for (let round = 0; round < 500; round++) {
    let text = ''
    for (let index = random.below(40); index > 0; index--) {
      const [low, high] = random.pick(ranges)
      text += String.fromCodePoint(low + random.below(high - low))
    }
    const bytes = utf8Encode(text)
    const expected = new TextEncoder().encode(text)
    if (Buffer.compare(bytes, expected) !== 0) t.fail('other bytes', { text })
    if (utf8Length(text) !== expected.length) t.fail('other length', { text })
    if (utf8Decode(bytes) !== text) t.fail('other text', { text })
  }
})

t.test('accepts exactly the bytes that the platform accepts', async (t) => {
  const random = new Random(chooseSeed())
  t.comment(`seed ${random.seed}`)
  const leads = [0x41, 0xc0, 0xc1, 0xc2, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff]
  const tails = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
  let accepted = 0
  for (let round = 0; round < 20_000; round++) {
    const bytes = new Uint8Array(1 + random.below(5))
    for (let index = 0; index < bytes.length; index++) {
      bytes[index] = random.chance(0.4) ? random.pick(leads) : random.pick(tails)
    }
    const expected = platformDecode(bytes)
    if (isUtf8(bytes) !== (expected !== null)) t.fail('other verdict', { bytes: [...bytes] })
    if (expected === null) {
      if (codeOf(bytes) !== 'FRAME_INVALID') t.fail('not refused', { bytes: [...bytes] })
    } else {
      accepted++
      if (utf8Decode(bytes) !== expected) t.fail('other text', { bytes: [...bytes] })
    }
  }
  t.ok(accepted > 50, 'both verdicts occurred')
})

t.test('works on a part of an array and on long text', async (t) => {
  const text = 'añ𝄞x'.repeat(10_000)
  const bytes = utf8Encode(`<${text}>`)
  t.equal(utf8Decode(bytes, 1, bytes.length - 1), text)
  t.ok(isUtf8(bytes, 1, bytes.length - 1))
  t.notOk(isUtf8(utf8Encode('ñ'), 1), 'a continuation byte alone')
  t.equal(utf8Decode(new Uint8Array()), '')
})

t.test('refuses half of a surrogate pair instead of replacing it', async (t) => {
  for (const text of ['\ud800', 'a\udc00', '\udc00\ud800', '\ud800x']) {
    t.throws(() => utf8Encode(text), { code: 'REQUEST_INVALID' })
    t.throws(() => utf8Length(text), { code: 'REQUEST_INVALID' })
  }
})
