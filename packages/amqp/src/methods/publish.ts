// AMQP 0-9-1 basic.publish with its content, and basic.return. The properties stay as they came but
// for what the broker must see to: who it says it is from, how long it may live, further routing
// keys, and where replies go.
import { isExpiration } from '@holdfast/record'
import type { Channel } from '../channel.ts'
import type { Content } from '../content.ts'
import type { FieldTable } from '../field-table.ts'
import { textOf } from '../field-value.ts'
import { amqpLimits } from '../limits.ts'
import type { MethodOf } from '../method-codec.ts'
import { checkPropertiesSize, hasProperty, propertyOf, replaceProperty } from '../properties.ts'
import { messageAt } from '../record-form.ts'
import { AmqpError, replies } from '../replies.ts'
import type { PublishBatch } from '../requests.ts'
import { replyQueue } from './names.ts'

export function handlePublish(
  channel: Channel,
  { exchange, routingKey, mandatory, immediate }: MethodOf<'basic.publish'>,
  content: Content
): void {
  if (immediate) throw new AmqpError('NOT_IMPLEMENTED', 'immediate=true')
  const { properties, copies } = prepare(channel, content.properties)
  const blob = channel.host.record(properties, content.body)
  const batch = { exchange, routingKey, copies, mandatory, count: 1, blob }
  if (channel.transaction !== null) channel.transaction.publish(batch)
  else channel.host.publish(channel, batch)
}

/** Sends one message of a batch back (AMQP 0-9-1 basic.return). */
export function returnMessage(channel: Channel, batch: PublishBatch, place: number): void {
  let message = messageAt(batch.blob, 0)
  for (let at = 0; at < place; at++) message = messageAt(batch.blob, message.end)
  const { exchange, routingKey } = batch
  channel.host.writer.content(
    channel.number,
    {
      type: 'basic.return',
      replyCode: replies.NO_ROUTE.code,
      replyText: 'NO_ROUTE',
      exchange,
      routingKey
    },
    message.properties,
    message.body
  )
}

interface Prepared {
  readonly properties: Uint8Array
  readonly copies: readonly string[]
}

const noCopies: readonly string[] = []

/** Checks the properties of a publish, and changes in them what has to be. */
function prepare(channel: Channel, raw: Uint8Array): Prepared {
  if (hasProperty(raw, 'expiration')) checkExpiration(propertyOf(raw, 'expiration') ?? '')
  if (hasProperty(raw, 'userId')) checkUser(channel, propertyOf(raw, 'userId') ?? '')
  const properties = hasProperty(raw, 'replyTo') ? addressReplies(channel, raw) : raw
  const headers = propertyOf(raw, 'headers')
  if (headers === undefined) return { properties, copies: noCopies }
  const copies = [...keysIn(headers, 'CC'), ...keysIn(headers, 'BCC')]
  const limit = amqpLimits.copiesMax
  if (copies.length > limit) {
    const explanation = `CC and BCC hold ${copies.length} keys, more than the limit of ${limit}`
    throw new AmqpError('PRECONDITION_FAILED', explanation)
  }
  if (!headers.has('BCC')) return { properties, copies }
  // Whoever gets the message must not see who else does.
  const visible = new Map([...headers].filter(([name]) => name !== 'BCC'))
  return { properties: replaceProperty(properties, 'headers', visible), copies }
}

/** Milliseconds in decimal digits, at most ten years of them (RabbitMQ). */
function checkExpiration(text: string): void {
  if (isExpiration(text)) return
  const explanation = `expiration '${text}' is not a number of milliseconds in decimal digits`
  throw new AmqpError('PRECONDITION_FAILED', explanation)
}

/** RabbitMQ's validated user-id: a message cannot claim to be from somebody else. */
function checkUser(channel: Channel, user: string): void {
  const actual = channel.host.user
  if (user === actual) return
  const explanation = `user_id property set to '${user}' but authenticated user was '${actual}'`
  throw new AmqpError('PRECONDITION_FAILED', explanation)
}

/** Replies to the reply queue go to this channel, if it consumes them (direct reply-to). */
function addressReplies(channel: Channel, raw: Uint8Array): Uint8Array {
  if (propertyOf(raw, 'replyTo') !== replyQueue) return raw
  if (channel.replyAddress === null) {
    throw new AmqpError('PRECONDITION_FAILED', 'fast reply consumer does not exist')
  }
  const addressed = replaceProperty(raw, 'replyTo', channel.replyAddress)
  checkPropertiesSize(addressed)
  return addressed
}

/** Routing keys in a header: the long strings of an array; what else is in it does not count. */
function keysIn(headers: FieldTable, name: 'CC' | 'BCC'): readonly string[] {
  const field = headers.get(name)
  if (field === undefined) return noCopies
  if (field.type !== 'A') throw noKeys(name)
  return field.value.flatMap((each) => {
    if (each.type !== 'S') return noCopies
    if (each.value.length > 255) throw noKeys(name)
    return textOf(each.value)
  })
}

function noKeys(name: string): AmqpError {
  const explanation = `header ${name} must be an array of long strings of at most 255 bytes`
  return new AmqpError('PRECONDITION_FAILED', explanation)
}
