// Declarations of AMQP clients as the metadata knows them. What clients ask for out of habit and
// nothing here depends on is taken; what would change what a queue does, and does not exist yet, is
// refused.
import type { RequestOf } from '@holdfast/amqp'
import { HoldfastError } from '@holdfast/errors'

type QueueRequest = RequestOf<'declare-queue'>
type ExchangeRequest = RequestOf<'declare-exchange'>

/** Arguments of RabbitMQ that say how a queue is kept, not what it does. */
const ignoredArguments: ReadonlySet<string> = new Set([
  'x-queue-mode',
  'x-queue-version',
  'x-queue-master-locator',
  'x-queue-leader-locator',
  'x-quorum-initial-group-size',
  'x-quorum-target-group-size',
  'x-initial-cluster-size',
  'x-max-in-memory-length',
  'x-max-in-memory-bytes'
])

function notSupported(what: string): HoldfastError {
  return new HoldfastError('NOT_SUPPORTED', { what })
}

/**
 * Options of a queue. All queues are durable for the time being, also those that need not be.
 * @throws NOT_SUPPORTED, OPTION_INVALID
 */
export function queueOptions({ name, options }: QueueRequest): { readonly durable: true } {
  if (name === '') throw notSupported('name a queue itself; give it a name')
  if (options.exclusive) throw notSupported('declare an exclusive queue')
  if (options.autoDelete) throw notSupported('declare a queue that deletes itself')
  for (const [argument, value] of Object.entries(options.arguments)) {
    if (argument === 'x-queue-type') checkType(value)
    else if (argument.startsWith('x-') && !ignoredArguments.has(argument)) {
      throw notSupported(`declare a queue with argument '${argument}'`)
    }
  }
  return { durable: true }
}

function checkType(value: unknown): void {
  if (value === 'classic' || value === 'quorum') return
  if (value === 'stream') throw notSupported('declare a stream')
  const reason = "it must be 'classic' or 'quorum'"
  throw new HoldfastError('OPTION_INVALID', { option: 'x-queue-type', kind: 'queue', reason })
}

/** Options of an exchange. @throws OPTION_INVALID, EXCHANGE_RESERVED */
export function exchangeOptions({ options }: ExchangeRequest): Readonly<Record<string, unknown>> {
  const { autoDelete, internal } = options
  const alternate = options.arguments['alternate-exchange']
  if (alternate === undefined) return { autoDelete, internal }
  if (typeof alternate === 'string') return { autoDelete, internal, alternateExchange: alternate }
  const reason = 'it must be the name of an exchange'
  const option = 'alternate-exchange'
  throw new HoldfastError('OPTION_INVALID', { option, kind: 'exchange', reason })
}
