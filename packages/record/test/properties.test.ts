// The schema of properties, from the wire and from an application.
import t from 'tap'
import { encodeRecord, type Properties, pack, recordProperties, scanRecord } from '../src/index.ts'
import { verdict, withProperties } from './property-records.ts'

t.test(
  'a property of the wrong name or type is refused, from the wire and from an application',
  async (t) => {
    const cases: [unknown, string][] = [
      [{ contentTypo: 'x' }, 'OPTION_UNKNOWN'],
      [{ nope: 1 }, 'OPTION_UNKNOWN'],
      [JSON.parse('{"__proto__":1}'), 'OPTION_UNKNOWN'],
      [{ constructor: 'x' }, 'OPTION_UNKNOWN'],
      [{ ['k'.repeat(300)]: 1 }, 'OPTION_UNKNOWN'],
      [{ contentType: 1 }, 'OPTION_INVALID'],
      [{ contentType: null }, 'OPTION_INVALID'],
      [{ headers: [] }, 'OPTION_INVALID'],
      [{ headers: 'x' }, 'OPTION_INVALID'],
      [{ deliveryMode: 0 }, 'OPTION_INVALID'],
      [{ deliveryMode: 3 }, 'OPTION_INVALID'],
      [{ priority: 256 }, 'OPTION_INVALID'],
      [{ priority: -1 }, 'OPTION_INVALID'],
      [{ priority: 1.5 }, 'OPTION_INVALID'],
      [{ timestamp: -1 }, 'OPTION_INVALID'],
      [{ expiration: 5 }, 'OPTION_INVALID'],
      [{ expiration: '' }, 'OPTION_INVALID'],
      [{ expiration: '-1' }, 'OPTION_INVALID'],
      [{ expiration: '1.5' }, 'OPTION_INVALID'],
      [{ expiration: '315360000001' }, 'OPTION_INVALID'],
      [{ expiration: '0'.repeat(40) }, 'OPTION_INVALID'],
      [{ timestamp: 2 ** 60 }, 'OPTION_INVALID'],
      [{ timestamp: '1' }, 'OPTION_INVALID'],
      [{ timestamp: 2 ** 53 - 1, priority: 255, deliveryMode: 2 }, 'accepted']
    ]
    for (const [properties, expected] of cases) {
      const record = withProperties(properties)
      const title = JSON.stringify(properties).slice(0, 60)
      t.equal(
        verdict(() => scanRecord(record, 0, record.length)),
        expected,
        `wire ${title}`
      )
      t.equal(
        verdict(() => encodeRecord(properties as Properties, new Uint8Array())),
        expected,
        title
      )
    }
  }
)

t.test('integers are accepted in every form of msgpack', async (t) => {
  const priority = pack('priority')
  const forms: [number[], string][] = [
    [[0x05], 'accepted'],
    [[0xcc, 0x05], 'accepted'],
    [[0xcd, 0, 5], 'accepted'],
    [[0xce, 0, 0, 0, 5], 'accepted'],
    [[0xcf, 0, 0, 0, 0, 0, 0, 0, 5], 'accepted'],
    [[0xd0, 5], 'accepted'],
    [[0xd1, 0, 5], 'accepted'],
    [[0xd2, 0, 0, 0, 5], 'accepted'],
    [[0xd3, 0, 0, 0, 0, 0, 0, 0, 5], 'accepted'],
    [[0xd0, 0xff], 'OPTION_INVALID'],
    [[0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'OPTION_INVALID'],
    [[0xe1], 'OPTION_INVALID'],
    [[0xcd, 1, 0], 'OPTION_INVALID'],
    [[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], 'OPTION_INVALID']
  ]
  for (const [form, expected] of forms) {
    const bytes = Uint8Array.from([0x92, 0x81, ...priority, ...form, 0xc4, 0])
    t.equal(
      verdict(() => scanRecord(bytes, 0, bytes.length)),
      expected,
      `${form}`
    )
  }
})

t.test(
  'an application may leave properties undefined, and gets errors for what has no msgpack',
  async (t) => {
    const loose = { contentType: undefined, type: 'x' } as unknown as Properties
    t.same(recordProperties(encodeRecord(loose, new Uint8Array()), 0), { type: 'x' })
    t.equal(recordProperties(encodeRecord({}, new Uint8Array()), 0), null)
    const values = [new Date(0), 2n, () => 1, Symbol('x'), 2 ** 60, new Map(), undefined]
    for (const value of values) {
      const properties = { headers: { value } } as unknown as Properties
      t.throws(() => encodeRecord(properties, new Uint8Array()), { code: 'OPTION_INVALID' })
    }
    t.throws(() => encodeRecord({ type: '\ud800' }, new Uint8Array()), { code: 'REQUEST_INVALID' })
  }
)
