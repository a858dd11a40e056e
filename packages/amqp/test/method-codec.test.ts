// Every method: round trip, cut at every byte, every bit flipped, and the bytes of some by hand.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { decodeMethod, encodeMethod, type Method, methodIdOf } from '../src/method-codec.ts'
import { methodTable } from '../src/method-table.ts'
import { codeOf, cutsOf, flipsOf, hex, randomMethod, written } from './generator.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const names = Object.keys(methodTable) as (keyof typeof methodTable)[]
const bytesOf = (method: Method): Uint8Array => written((writer) => encodeMethod(writer, method))

t.test('a method comes back as it was written', async (t) => {
  const random = new Random(seed)
  for (const name of names) {
    for (let round = 0; round < 20; round++) {
      const method = randomMethod(random, name)
      t.same(decodeMethod(bytesOf(method)), method, `seed ${seed}, ${name}`)
    }
  }
})

t.test('a method cut at any byte, or followed by one, is refused with 502', async (t) => {
  const random = new Random(seed).split('cuts')
  for (const name of names) {
    const bytes = bytesOf(randomMethod(random, name))
    for (const cut of cutsOf(bytes)) {
      const code = codeOf(() => decodeMethod(cut))
      if (code !== 502) t.fail(`${name}: ${code} for ${cut.length} of ${bytes.length} bytes`)
    }
    t.equal(
      codeOf(() => decodeMethod(Uint8Array.of(...bytes, 0))),
      502,
      name
    )
  }
})

t.test('any flipped bit gives a method, 502 or 503', async (t) => {
  const random = new Random(seed).split('flips')
  for (const name of names) {
    for (const flipped of flipsOf(bytesOf(randomMethod(random, name)))) {
      const code = codeOf(() => decodeMethod(flipped))
      if (code !== 0 && code !== 502 && code !== 503) t.fail(`${name}: ${code}`)
    }
  }
})

t.test('bits share octets, the first in the lowest place', async (t) => {
  const declare: Method = {
    type: 'queue.declare',
    ticket: 0,
    queue: 'q',
    passive: false,
    durable: true,
    exclusive: false,
    autoDelete: true,
    nowait: false,
    arguments: new Map()
  }
  t.same(bytesOf(declare), hex('0032 000a 0000 0171 0a 00000000'))
  const nack: Method = { type: 'basic.nack', deliveryTag: 1, multiple: false, requeue: true }
  t.same(bytesOf(nack), hex('003c 0078 0000000000000001 02'))
})

t.test('the numbers are those of the specification and of the extensions', async (t) => {
  const ids = names.map((name) => Object.values(methodIdOf(name)).join('.'))
  t.equal(new Set(ids).size, names.length)
  t.same(methodIdOf('exchange.unbind-ok'), { classId: 40, methodId: 51 })
  t.same(methodIdOf('basic.nack'), { classId: 60, methodId: 120 })
  t.same(methodIdOf('confirm.select'), { classId: 85, methodId: 10 })
  t.equal(
    codeOf(() => decodeMethod(hex('003c 0071'))),
    503,
    'a method that does not exist'
  )
  t.equal(
    codeOf(() => decodeMethod(hex('0046 000a'))),
    503,
    'a class that does not exist'
  )
})
