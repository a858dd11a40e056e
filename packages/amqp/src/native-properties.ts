// Properties of AMQP 0-9-1 as those of the native protocol, and back: for a message that leaves by
// the protocol it did not come by. A message that leaves as it came is not converted.
import type { Properties } from '@holdfast/record'
import { utf8Length } from '@holdfast/record'
import { plainTable, tableOf } from './field-value.ts'
import { amqpLimits } from './limits.ts'
import {
  type AmqpProperties,
  decodeProperties,
  encodeProperties,
  replaceProperty
} from './properties.ts'

const texts = [
  'contentType',
  'contentEncoding',
  'correlationId',
  'replyTo',
  'expiration',
  'messageId',
  'type',
  'userId',
  'appId'
] as const

type Writable<Of> = { -readonly [Name in keyof Of]: Of[Name] }

/**
 * What the native protocol can tell of checked properties: not the cluster id, and no timestamp
 * beyond 2^53.
 */
export function nativeProperties(raw: Uint8Array): Properties {
  const found = decodeProperties(raw)
  const properties: Writable<Properties> = {}
  for (const name of texts) {
    const text = found[name]
    if (text !== undefined) properties[name] = text
  }
  const { headers, deliveryMode, priority, timestamp } = found
  if (headers !== undefined) properties.headers = plainTable(headers)
  if (deliveryMode === 1 || deliveryMode === 2) properties.deliveryMode = deliveryMode
  if (priority !== undefined) properties.priority = priority
  if (timestamp !== undefined && timestamp <= BigInt(Number.MAX_SAFE_INTEGER)) {
    properties.timestamp = Number(timestamp)
  }
  return properties
}

/**
 * What AMQP can tell of native properties: no text beyond the 255 bytes of a short string, and no
 * headers that are within the bounds of the native protocol only.
 */
export function rawProperties(native: Properties): Uint8Array {
  const properties: Writable<AmqpProperties> = {}
  for (const name of texts) {
    const text = native[name]
    if (text !== undefined && utf8Length(text) <= 255) properties[name] = text
  }
  const { headers, deliveryMode, priority, timestamp } = native
  if (headers !== undefined) properties.headers = tableOf(headers)
  if (deliveryMode !== undefined) properties.deliveryMode = deliveryMode
  if (priority !== undefined) properties.priority = priority
  if (timestamp !== undefined) properties.timestamp = BigInt(timestamp)
  const raw = encodeProperties(properties)
  if (raw.length <= amqpLimits.propertiesBytesMax) return raw
  return replaceProperty(raw, 'headers', undefined)
}
