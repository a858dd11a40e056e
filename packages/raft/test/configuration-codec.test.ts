// The bytes of a configuration: round trip, and everything else is refused.
import { AssertionError } from '@holdfast/errors'
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { decodeConfiguration, encodeConfiguration } from '../src/index.ts'

const seed = 7
const sample = { voters: [1, 2 ** 40 + 3], outgoing: [1, 2], learners: [2, 9] }

t.test('a configuration survives its bytes', async (t) => {
  for (const configuration of [
    sample,
    { voters: [], outgoing: [], learners: [] },
    { voters: [Number.MAX_SAFE_INTEGER], outgoing: [], learners: [] }
  ]) {
    t.same(decodeConfiguration(encodeConfiguration(configuration)), configuration)
  }
})

t.test('bytes that lie within other bytes are read in place', async (t) => {
  const bytes = encodeConfiguration(sample)
  const around = new Uint8Array(bytes.length + 9).fill(255)
  around.set(bytes, 5)
  t.same(decodeConfiguration(around.subarray(5, 5 + bytes.length)), sample)
})

t.test('truncated at any byte, or with a byte more, it is refused', async (t) => {
  const bytes = encodeConfiguration(sample)
  for (let length = 0; length < bytes.length; length++) {
    t.throws(() => decodeConfiguration(bytes.subarray(0, length)), AssertionError)
  }
  t.throws(() => decodeConfiguration(new Uint8Array([...bytes, 0])), /nothing follows/)
  t.throws(() => decodeConfiguration(new Uint8Array([2, ...bytes.subarray(1)])), /version/)
})

t.test(`flipped bits give a valid configuration or an assertion, seed ${seed}`, async (t) => {
  const random = new Random(seed)
  for (let round = 0; round < 2000; round++) {
    const bytes = encodeConfiguration(sample)
    const at = random.below(bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    try {
      const configuration = decodeConfiguration(bytes)
      t.same(encodeConfiguration(configuration), bytes)
    } catch (error) {
      if (!(error instanceof AssertionError)) t.fail(String(error))
    }
  }
})

t.test('what breaks the rules of a configuration is not encoded', async (t) => {
  const blank = { voters: [], outgoing: [], learners: [] }
  t.throws(() => encodeConfiguration({ ...blank, voters: [2, 1] }), /ascending/)
  t.throws(() => encodeConfiguration({ ...blank, voters: [1, 1] }), /ascending/)
  t.throws(() => encodeConfiguration({ ...blank, voters: [0] }), /positive/)
  t.throws(() => encodeConfiguration({ ...blank, voters: [1.5] }), /safe integer/)
  t.throws(() => encodeConfiguration({ ...blank, voters: [1], learners: [1] }), /voter and learner/)
  t.throws(() => encodeConfiguration({ ...blank, outgoing: [1] }), /has voters/)
})
