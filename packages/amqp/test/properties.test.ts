// Properties: round trips, replacement in place, and refusals.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { textField } from '../src/field-value.ts'
import {
  checkRawProperties,
  decodeProperties,
  encodeProperties,
  hasProperty,
  noProperties,
  propertyNames,
  propertyOf,
  replaceProperty
} from '../src/properties.ts'
import { codeOf, cutsOf, flipsOf, hex, randomProperties } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

t.test('properties come back as they were, one by one and together', async (t) => {
  const random = new Random(seed)
  for (let round = 0; round < 300; round++) {
    const properties = randomProperties(random)
    const raw = encodeProperties(properties)
    t.same(decodeProperties(raw), properties, `seed ${seed}, round ${round}`)
    t.same(
      propertyNames.map((name) => [hasProperty(raw, name), propertyOf(raw, name)]),
      propertyNames.map((name) => [properties[name] !== undefined, properties[name]])
    )
  }
  t.same(decodeProperties(noProperties), {})
})

t.test('the flags are those of the specification', async (t) => {
  t.same(encodeProperties({ contentType: 'a' }), hex('8000 0161'))
  t.same(encodeProperties({ headers: new Map() }), hex('2000 00000000'))
  t.same(encodeProperties({ deliveryMode: 2, priority: 5 }), hex('1800 02 05'))
  t.same(encodeProperties({ timestamp: 2n }), hex('0040 0000000000000002'))
  t.same(encodeProperties({ clusterId: 'a' }), hex('0004 0161'))
})

t.test('one property is replaced, added or taken out, and the others stay', async (t) => {
  const random = new Random(seed).split('replace')
  for (let round = 0; round < 100; round++) {
    const properties = randomProperties(random)
    const others = randomProperties(random)
    const raw = encodeProperties(properties)
    for (const name of propertyNames) {
      const changed = replaceProperty(raw, name, others[name])
      const { [name]: _, ...rest } = properties
      const expected = others[name] === undefined ? rest : { ...rest, [name]: others[name] }
      t.same(decodeProperties(changed), expected, `seed ${seed}, round ${round}, ${name}`)
    }
  }
})

t.test('what is not replaced keeps its bytes, text or not', async (t) => {
  const raw = hex('8400 02 ff00 01 fe')
  t.same(replaceProperty(raw, 'deliveryMode', 1), hex('9400 02 ff00 01 01 fe'))
  t.equal(propertyOf(raw, 'correlationId'), 'þ', 'one character a byte')
})

t.test('properties cut at any byte, or followed by one, are refused', async (t) => {
  const random = new Random(seed).split('cuts')
  for (let round = 0; round < 20; round++) {
    const raw = encodeProperties(randomProperties(random))
    for (const cut of cutsOf(raw)) {
      const code = codeOf(() => checkRawProperties(cut))
      if (code !== 502) t.fail(`${code} for ${Buffer.from(cut).toString('hex')}`)
    }
    t.equal(
      codeOf(() => checkRawProperties(Uint8Array.of(...raw, 0))),
      502
    )
  }
})

t.test('any flipped bit gives properties or 502', async (t) => {
  const random = new Random(seed).split('flips')
  for (let round = 0; round < 20; round++) {
    for (const flipped of flipsOf(encodeProperties(randomProperties(random)))) {
      const code = codeOf(() => decodeProperties(flipped))
      if (code !== 0 && code !== 502) t.fail(`${code} for ${Buffer.from(flipped).toString('hex')}`)
    }
  }
})

t.test('stray flags and too many bytes are refused', async (t) => {
  t.equal(
    codeOf(() => checkRawProperties(hex('0001'))),
    502,
    'more flags follow'
  )
  t.equal(
    codeOf(() => checkRawProperties(hex('0002'))),
    502,
    'the reserved flag'
  )
  const large = new Map([
    ['a', textField('x'.repeat(40_000))],
    ['b', textField('x'.repeat(25_400))]
  ])
  t.equal(
    codeOf(() => checkRawProperties(encodeProperties({ headers: large }))),
    0
  )
  const appId = 'x'.repeat(255)
  t.equal(
    codeOf(() => checkRawProperties(encodeProperties({ headers: large, appId }))),
    502
  )
})
