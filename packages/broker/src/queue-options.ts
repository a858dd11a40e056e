// What a queue can be declared with: the flags of AMQP 0-9-1 queue.declare, and arguments. An
// option that is not known is refused rather than ignored, so that no promise is made silently that
// nobody keeps.
import { HoldfastError } from '@holdfast/errors'
import { noArguments } from './binding.ts'
import type { Options } from './metadata-command.ts'
import { reservedPrefix } from './names.ts'
import { type LengthLimit, overflows } from './queue/length-limit.ts'
import { type DeadLetterSettings, plainSettings, type QueueSettings } from './queue/settings.ts'
import {
  checkQueueArguments,
  type Difference,
  differingArgument,
  namePrefixArgument,
  noDeliveryLimit,
  type QueueArguments
} from './queue-arguments.ts'

export interface QueueOptions {
  /** What was asked for, but for exclusive ones, which are not: all are replicated. */
  readonly durable: boolean
  /** It belongs to the connection that declares it. */
  readonly exclusive: boolean
  /** Deleted when the last of its consumers goes, never if none came. */
  readonly autoDelete: boolean
  readonly arguments: QueueArguments
}

const plainOptions: QueueOptions = {
  durable: true,
  exclusive: false,
  autoDelete: false,
  arguments: noArguments
}

function invalid(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'queue', reason })
}

function readFlag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid(option, 'it must be true or false')
  return value
}

function readArguments(value: unknown): QueueArguments {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap || value instanceof Uint8Array) throw invalid('arguments', 'they must be a map')
  checkQueueArguments(value as QueueArguments)
  const { [namePrefixArgument]: _, ...kept } = value as QueueArguments
  return Object.keys(kept).length === 0 ? noArguments : kept
}

/** Fills in defaults. @throws OPTION_UNKNOWN, OPTION_UNSUPPORTED, OPTION_INVALID */
export function readQueueOptions(options: Options): QueueOptions {
  let { durable, exclusive, autoDelete, arguments: queueArguments } = plainOptions
  for (const option of Object.keys(options).sort()) {
    const value = options[option]
    if (option === 'durable') durable = readFlag(option, value)
    else if (option === 'autoDelete') autoDelete = readFlag(option, value)
    else if (option === 'arguments') queueArguments = readArguments(value)
    else if (option === 'exclusive') exclusive = readFlag(option, value)
    else if (option !== serverNamed) {
      throw new HoldfastError('OPTION_UNKNOWN', { option, kind: 'queue' })
    }
  }
  // What goes with its connection is not durable, whatever its client says.
  durable &&= !exclusive
  return sharedOptions({ durable, exclusive, autoDelete, arguments: queueArguments })
}

/** Most queues are plain, and share one object that says so. */
export function sharedOptions(options: QueueOptions): QueueOptions {
  const { durable, autoDelete, arguments: given } = options
  return durable && !autoDelete && given === noArguments ? plainOptions : options
}

/** The first thing in which a queue differs from what is declared; null when it does in none. */
export function differingOption(found: QueueOptions, asked: QueueOptions): Difference | null {
  for (const field of ['durable', 'autoDelete'] as const) {
    if (found[field] === asked[field]) continue
    return { field, found: `${found[field]}`, asked: `${asked[field]}` }
  }
  return differingArgument(found.arguments, asked.arguments)
}

/** What the shard of a queue has to know of its options. */
export function settingsOf(options: QueueOptions): QueueSettings {
  if (options === plainOptions) return plainSettings
  const { autoDelete, arguments: given } = options
  const expiresMs = Number(given['x-expires'] ?? 0)
  const ttl = given['x-message-ttl'] ?? null
  const messageTtlMs = ttl === null ? null : Number(ttl)
  const singleActive = given['x-single-active-consumer'] === true
  const [deadLetter, lengthLimit] = [deadLetterOf(given), lengthLimitOf(given)]
  const returns = Number(given['x-delivery-limit'] ?? noDeliveryLimit)
  const deliveryLimit = returns === noDeliveryLimit ? null : returns
  const times = { autoDelete, expiresMs, messageTtlMs }
  const isTimeless = !autoDelete && expiresMs === 0 && messageTtlMs === null
  const maxPriority = Number(given['x-max-priority'] ?? 0)
  const isUnlimited = lengthLimit === null && deliveryLimit === null
  const isOrdered = !singleActive && maxPriority === 0
  const isPlain = isTimeless && isOrdered && deadLetter === null && isUnlimited
  const limits = { lengthLimit, deliveryLimit }
  return isPlain ? plainSettings : { ...times, singleActive, deadLetter, ...limits, maxPriority }
}

/** What a queue does that is never full means nothing. */
function lengthLimitOf(given: QueueArguments): LengthLimit | null {
  const messages = given['x-max-length'] ?? null
  const bytes = given['x-max-length-bytes'] ?? null
  if (messages === null && bytes === null) return null
  return {
    messages: messages === null ? null : Number(messages),
    bytes: bytes === null ? null : Number(bytes),
    overflow: overflows.find((overflow) => overflow === given['x-overflow']) ?? 'drop-head'
  }
}

/** Whether a queue that is full refuses what is published to it. */
export function refusesWhenFull(options: QueueOptions): boolean {
  return (lengthLimitOf(options.arguments)?.overflow ?? 'drop-head') !== 'drop-head'
}

function deadLetterOf(given: QueueArguments): DeadLetterSettings | null {
  const exchange = given['x-dead-letter-exchange']
  const routingKey = given['x-dead-letter-routing-key']
  if (typeof exchange !== 'string') return null
  return { exchange, routingKey: typeof routingKey === 'string' ? routingKey : null }
}

/**
 * Option of a command that declares a queue whose name was made by a node, and may be a reserved
 * one. Clients cannot send it.
 */
export const serverNamed = 'serverNamed'

/** For a queue that does not exist yet. @throws NAME_RESERVED */
export function checkQueueName(name: string, options: Options): void {
  if (!name.startsWith(reservedPrefix) || options[serverNamed] === true) return
  throw new HoldfastError('NAME_RESERVED', { kind: 'queue', name, prefix: reservedPrefix })
}
