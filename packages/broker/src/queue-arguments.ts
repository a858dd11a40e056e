// The arguments of a queue, as AMQP clients of RabbitMQ send them. What asks for something that
// this version does not do is refused, so that nobody relies on it; what asks for a choice that
// does not arise here is ignored; what nobody knows is kept and means nothing, as in RabbitMQ.
import { HoldfastError } from '@holdfast/errors'
import type { HeaderValue } from '@holdfast/record'
import { argumentsFault } from './binding-check.ts'
import { reservedPrefix, textFault } from './names.ts'
import { overflows } from './queue/length-limit.ts'
import { shardLimits } from './queue/limits.ts'

/** Arguments of a declaration, by name. */
export type QueueArguments = Readonly<Record<string, HeaderValue>>

/** Argument that begins the name of a queue that the server names; not part of the queue. */
export const namePrefixArgument = 'x-name-prefix'

/** Delivery limit of a queue without one, as RabbitMQ has it since it has a default. */
export const noDeliveryLimit = -1

const namePrefixBytesMax = 64

/** Both are the same queue here, replicated and durable. */
const queueTypes: readonly HeaderValue[] = ['classic', 'quorum']

/** Here every dead letter reaches its target at least once. */
const strategies: readonly HeaderValue[] = ['at-most-once', 'at-least-once']

/** Promises that this version does not keep. */
export const unsupportedArguments: ReadonlySet<string> = new Set([
  'x-cache-size',
  'x-cache-ttl',
  'x-consumer-disconnected-timeout',
  'x-consumer-timeout',
  'x-deduplication-header',
  'x-delayed-retry-max',
  'x-delayed-retry-min',
  'x-delayed-retry-type',
  'x-max-age',
  'x-message-deduplication',
  'x-stream-filter-size-bytes',
  'x-stream-max-segment-size-bytes'
])

function invalid(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'queue', reason })
}

function exchangeFault(value: HeaderValue): string | null {
  if (typeof value !== 'string') return 'it must be the name of an exchange'
  return textFault(value, shardLimits.nameBytesMax)
}

function routingKeyFault(value: HeaderValue): string | null {
  if (typeof value !== 'string') return 'it must be a text'
  return textFault(value, shardLimits.nameBytesMax)
}

function millisecondsFault(value: HeaderValue, min: number, max: number): string | null {
  const isValid = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max
  return isValid ? null : `it must be a whole number of milliseconds from ${min} to ${max}`
}

function lengthFault(value: HeaderValue): string | null {
  return Number.isSafeInteger(value) && Number(value) >= 0 ? null : 'it must be a whole number'
}

function priorityFault(value: HeaderValue): string | null {
  const max = shardLimits.maxPriorityMax
  const isValid = Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= max
  return isValid ? null : `it must be a whole number from 0 to ${max}`
}

function deliveryLimitFault(value: HeaderValue): string | null {
  const isValid = Number.isSafeInteger(value) && Number(value) >= noDeliveryLimit
  return isValid ? null : `it must be a whole number, or ${noDeliveryLimit} for none`
}

/** What the arguments that mean something must be. */
const checks: Readonly<Record<string, (value: HeaderValue) => string | null>> = {
  'x-queue-type': (value) => {
    if (queueTypes.includes(value)) return null
    const known = `it must be one of ${queueTypes.join(', ')}`
    return value === 'stream' ? `there are no streams in this version; ${known}` : known
  },
  'x-expires': (value) => millisecondsFault(value, 1, shardLimits.expiresMsMax),
  'x-message-ttl': (value) => millisecondsFault(value, 0, shardLimits.messageTtlMsMax),
  'x-max-length': lengthFault,
  'x-max-length-bytes': lengthFault,
  'x-delivery-limit': deliveryLimitFault,
  'x-overflow': (value) =>
    (overflows as readonly HeaderValue[]).includes(value)
      ? null
      : `it must be one of ${overflows.join(', ')}`,
  'x-max-priority': priorityFault,
  'x-single-active-consumer': (value) =>
    typeof value === 'boolean' ? null : 'it must be true or false',
  'x-dead-letter-exchange': exchangeFault,
  'x-dead-letter-routing-key': routingKeyFault,
  'x-dead-letter-strategy': (value) =>
    strategies.includes(value) ? null : `it must be one of ${strategies.join(', ')}`,
  [namePrefixArgument]: (value) => {
    if (typeof value !== 'string' || value === '') return 'it must be a text'
    if (value.startsWith(reservedPrefix)) return `'${reservedPrefix}' is reserved`
    return textFault(value, namePrefixBytesMax)
  }
}

/** @throws OPTION_UNSUPPORTED, OPTION_INVALID */
export function checkQueueArguments(queueArguments: QueueArguments): void {
  for (const option of Object.keys(queueArguments).sort()) {
    if (unsupportedArguments.has(option)) {
      throw new HoldfastError('OPTION_UNSUPPORTED', { option, kind: 'queue' })
    }
    const check = Object.hasOwn(checks, option) ? checks[option] : undefined
    const reason = check?.(queueArguments[option] ?? null) ?? null
    if (reason !== null) throw invalid(option, reason)
  }
  const routingKey = 'x-dead-letter-routing-key'
  const hasExchange = Object.hasOwn(queueArguments, 'x-dead-letter-exchange')
  if (Object.hasOwn(queueArguments, routingKey) && !hasExchange) {
    throw invalid(routingKey, "it means nothing without 'x-dead-letter-exchange'")
  }
  const fault = argumentsFault(queueArguments)
  if (fault !== null) throw invalid('arguments', fault)
}

/** Arguments that make two queues different, and what they are where they are left out. */
const compared: Readonly<Record<string, HeaderValue>> = {
  'x-queue-type': 'classic',
  'x-expires': null,
  'x-message-ttl': null,
  'x-max-length': null,
  'x-max-length-bytes': null,
  'x-overflow': 'drop-head',
  'x-max-priority': null,
  'x-delivery-limit': noDeliveryLimit,
  'x-single-active-consumer': false,
  'x-dead-letter-exchange': null,
  'x-dead-letter-routing-key': null
}

export interface Difference {
  readonly field: string
  readonly found: string
  readonly asked: string
}

/** The first argument in which a queue differs from what is declared; null when it does in none. */
export function differingArgument(found: QueueArguments, asked: QueueArguments): Difference | null {
  for (const [field, absent] of Object.entries(compared)) {
    const [is, wanted] = [found[field] ?? absent, asked[field] ?? absent]
    if (is !== wanted) return { field, found: textOf(is), asked: textOf(wanted) }
  }
  return null
}

function textOf(value: HeaderValue): string {
  return value === null ? 'none' : String(value)
}
