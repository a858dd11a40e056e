// The options with which clients declare queues, and the check of what came over the wire.
import { HoldfastError } from '@holdfast/errors'
import { protocolLimits } from './limits.ts'
import {
  type Arguments,
  checkDurable,
  checkFlag,
  checkInteger,
  checkKeys,
  checkName,
  mapOf
} from './validate.ts'

/** Every queue of this version is durable and replicated. */
export interface QueueOptions {
  readonly durable?: true
  /** For the connection that declares it alone, and deleted with it. */
  readonly exclusive?: boolean
  /** Deleted when the last of its consumers goes, never if none came. */
  readonly autoDelete?: boolean
  /** Deleted when nobody has consumed from it or declared it for so long. */
  readonly expiresMs?: number
  /** A message that has been in it for so long expires, unless a consumer holds it. */
  readonly messageTtlMs?: number
  /** One of its consumers gets messages; the next takes over when that one goes. */
  readonly singleActiveConsumer?: boolean
  /** Gets what leaves for a reason. It need not exist; '' is the default exchange. */
  readonly deadLetterExchange?: string
  /** In the place of the routing keys that a message came with. */
  readonly deadLetterRoutingKey?: string
  /** Messages that may wait in it: those that no consumer holds or has room for. */
  readonly maxLength?: number
  /** Bytes of their bodies. */
  readonly maxLengthBytes?: number
  /** What leaves when there is more: its oldest messages (left out), or what is published. */
  readonly overflow?: Overflow
  /** A message that consumers give back, or lose, more often than this is dead-lettered. */
  readonly deliveryLimit?: number
  /** Its messages have priorities from 0 to this one, and the highest are handed out first. */
  readonly maxPriority?: number
}

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx'

const expiresRange = { min: 1, max: protocolLimits.expiresMsMax }
const messageTtlRange = { min: 0, max: protocolLimits.messageTtlMsMax }
const maxPriorityRange = { min: 1, max: protocolLimits.maxPriorityMax }
const countRange = { min: 0, max: Number.MAX_SAFE_INTEGER }
const overflows: readonly unknown[] = ['drop-head', 'reject-publish', 'reject-publish-dlx']

const queueOptionNames: readonly string[] = [
  'durable',
  'exclusive',
  'autoDelete',
  'expiresMs',
  'messageTtlMs',
  'singleActiveConsumer',
  'deadLetterExchange',
  'deadLetterRoutingKey',
  'maxLength',
  'maxLengthBytes',
  'overflow',
  'deliveryLimit',
  'maxPriority'
]

/** @throws OPTION_UNKNOWN, OPTION_INVALID, NAME_INVALID */
export function parseQueueOptions(value: unknown): QueueOptions {
  if (value === undefined || value === null) return {}
  const options = mapOf(value, 'options')
  checkKeys('queue', options, queueOptionNames)
  checkDurable('queue', options)
  checkFlag('queue', options, 'exclusive')
  checkFlag('queue', options, 'autoDelete')
  checkFlag('queue', options, 'singleActiveConsumer')
  if (options['expiresMs'] !== undefined) checkInteger('queue', options, 'expiresMs', expiresRange)
  if (options['messageTtlMs'] !== undefined) {
    checkInteger('queue', options, 'messageTtlMs', messageTtlRange)
  }
  if (options['maxPriority'] !== undefined) {
    checkInteger('queue', options, 'maxPriority', maxPriorityRange)
  }
  checkDeadLetter(options)
  checkLimits(options)
  return options as QueueOptions
}

function checkLimits(options: Arguments): void {
  for (const option of ['maxLength', 'maxLengthBytes', 'deliveryLimit']) {
    if (options[option] !== undefined) checkInteger('queue', options, option, countRange)
  }
  const { overflow } = options
  if (overflow === undefined || overflows.includes(overflow)) return
  const reason = `it must be one of ${overflows.join(', ')}`
  throw new HoldfastError('OPTION_INVALID', { option: 'overflow', kind: 'queue', reason })
}

function checkDeadLetter(options: Arguments): void {
  const { deadLetterExchange: exchange, deadLetterRoutingKey: routingKey } = options
  if (exchange !== undefined) checkName('exchange', exchange, 0)
  if (routingKey === undefined) return
  checkName('routing key', routingKey, 0)
  if (exchange !== undefined) return
  const reason = "it means nothing without 'deadLetterExchange'"
  throw new HoldfastError('OPTION_INVALID', {
    option: 'deadLetterRoutingKey',
    kind: 'queue',
    reason
  })
}
