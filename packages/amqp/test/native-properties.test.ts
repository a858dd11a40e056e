// Properties across the protocols: what survives, and what cannot.
import type { Properties } from '@holdfast/record'
import t from 'tap'
import { integerField, textField } from '../src/field-value.ts'
import { nativeProperties, rawProperties } from '../src/native-properties.ts'
import { decodeProperties, encodeProperties } from '../src/properties.ts'

const native: Properties = {
  contentType: 'text/plain',
  contentEncoding: 'gzip',
  headers: { a: 1, b: 'ü', c: [true, null] },
  deliveryMode: 2,
  priority: 9,
  correlationId: 'c',
  replyTo: 'r',
  expiration: '1000',
  messageId: 'm',
  timestamp: 1_700_000_000,
  type: 't',
  userId: 'u',
  appId: 'a'
}

t.test('native properties go through AMQP unchanged', async (t) => {
  t.same(nativeProperties(rawProperties(native)), native)
  t.same(nativeProperties(rawProperties({})), {})
})

t.test('headers are written in the types of RabbitMQ', async (t) => {
  const { headers } = decodeProperties(rawProperties({ headers: { a: 1, b: 'x' } }))
  t.same(headers?.get('a'), integerField(1))
  t.same(headers?.get('b'), textField('x'))
})

t.test('headers that AMQP has no room for are left out', async (t) => {
  const a = Array.from({ length: 13_200 }, () => 1)
  t.same(decodeProperties(rawProperties({ headers: { a }, appId: 'a' })), { appId: 'a' })
})

t.test('what the other protocol cannot tell is left out', async (t) => {
  const long = 'x'.repeat(256)
  t.same(decodeProperties(rawProperties({ correlationId: long, messageId: 'm' })), {
    messageId: 'm'
  })
  const raw = encodeProperties({
    clusterId: 'c',
    timestamp: 2n ** 60n,
    deliveryMode: 7,
    appId: 'a'
  })
  t.same(nativeProperties(raw), { appId: 'a' })
})
