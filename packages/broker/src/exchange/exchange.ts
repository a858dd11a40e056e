// What an exchange is made of: its kinds, the ones that every vhost has from birth, its options,
// and the index that fits its kind. The rules of declaring and deleting are in topology-changes.ts.
import { HoldfastError, unreachable } from '@holdfast/errors'
import { metadataLimits } from '../limits.ts'
import type { ExchangeKind, Options } from '../metadata-command.ts'
import { textFault } from '../names.ts'
import type { Difference } from '../queue-arguments.ts'
import type { BindingIndex, Exchange, ExchangeOptions } from '../topology-row.ts'
import { DirectIndex } from './direct.ts'
import { FanoutIndex } from './fanout.ts'
import { HeadersIndex } from './headers.ts'
import { TopicIndex } from './topic.ts'

/** The default exchange: every queue is bound to it by its name, and nothing else can be. */
export const defaultExchange = ''

const plainOptions: ExchangeOptions = {
  durable: true,
  autoDelete: false,
  internal: false,
  alternateExchange: null
}

/**
 * Exchanges that every vhost has, in this order (AMQP 0-9-1 §3.1.3; the last two as in RabbitMQ).
 */
export const predeclaredExchanges: readonly (readonly [string, ExchangeKind, ExchangeOptions])[] = [
  [defaultExchange, 'direct', plainOptions],
  ['amq.direct', 'direct', plainOptions],
  ['amq.fanout', 'fanout', plainOptions],
  ['amq.topic', 'topic', plainOptions],
  ['amq.headers', 'headers', plainOptions],
  ['amq.match', 'headers', plainOptions],
  // What a tracing broker would publish to; nobody else may.
  ['amq.rabbitmq.trace', 'topic', { ...plainOptions, internal: true }]
]

/** @throws EXCHANGE_TYPE_UNKNOWN */
export function readExchangeKind(kind: string): ExchangeKind {
  if (kind === 'direct' || kind === 'fanout' || kind === 'topic' || kind === 'headers') return kind
  throw new HoldfastError('EXCHANGE_TYPE_UNKNOWN', { type: kind })
}

function invalid(option: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind: 'exchange', reason })
}

function readFlag(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalid(option, 'it must be true or false')
  return value
}

function readAlternate(value: unknown, option: string): string | null {
  if (value === null) return null
  if (typeof value !== 'string') throw invalid(option, 'it must be the name of an exchange')
  const reason = textFault(value, metadataLimits.nameBytesMax)
  if (reason !== null) throw invalid(option, reason)
  return value
}

/** Arguments that promise what exchanges of this version do not do. */
const unsupportedArguments: readonly string[] = ['x-delayed-type', 'hash-header', 'hash-property']

/** Of the arguments of AMQP one is an option; what nobody knows means nothing, as in RabbitMQ. */
function readAlternateArgument(value: unknown): string | null {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap || value instanceof Uint8Array) throw invalid('arguments', 'they must be a map')
  const found = value as Options
  const option = unsupportedArguments.find((name) => Object.hasOwn(found, name))
  if (option !== undefined)
    throw new HoldfastError('OPTION_UNSUPPORTED', { option, kind: 'exchange' })
  const argument = 'alternate-exchange'
  if (found[argument] === null) throw invalid(argument, 'it must be the name of an exchange')
  return readAlternate(found[argument] ?? null, argument)
}

/** Fills in defaults. @throws OPTION_UNKNOWN, OPTION_INVALID */
export function readExchangeOptions(options: Options): ExchangeOptions {
  let { durable, autoDelete, internal, alternateExchange } = plainOptions
  for (const option of Object.keys(options).sort()) {
    const value = options[option]
    if (option === 'durable') durable = readFlag(option, value)
    else if (option === 'autoDelete') autoDelete = readFlag(option, value)
    else if (option === 'internal') internal = readFlag(option, value)
    else if (option === 'alternateExchange') alternateExchange = readAlternate(value, option)
    else if (option === 'arguments') {
      alternateExchange = readAlternateArgument(value) ?? alternateExchange
    } else throw new HoldfastError('OPTION_UNKNOWN', { option, kind: 'exchange' })
  }
  return { durable, autoDelete, internal, alternateExchange }
}

function createIndex(kind: ExchangeKind): BindingIndex {
  switch (kind) {
    case 'direct':
      return new DirectIndex()
    case 'fanout':
      return new FanoutIndex()
    case 'topic':
      return new TopicIndex()
    case 'headers':
      return new HeadersIndex()
    default:
      return unreachable(kind)
  }
}

export function createExchange(
  vhost: string,
  name: string,
  kind: ExchangeKind,
  options: ExchangeOptions = plainOptions
): Exchange {
  const alternate = options.alternateExchange ?? ''
  return {
    type: 'exchange',
    vhost,
    name,
    kind,
    options,
    outgoing: new Map(),
    incoming: [],
    index: createIndex(kind),
    stamp: 0,
    page: null,
    bytes: 48 + 3 * (vhost.length + name.length + alternate.length)
  }
}

/** What an existing exchange differs in from what is declared; null when equal. */
export function differingField(
  exchange: Exchange,
  kind: ExchangeKind,
  options: ExchangeOptions
): Difference | null {
  if (exchange.kind !== kind) return { field: 'type', found: exchange.kind, asked: kind }
  for (const field of ['durable', 'autoDelete', 'internal', 'alternateExchange'] as const) {
    const found = exchange.options[field]
    const asked = options[field]
    if (found !== asked) return { field, found: `${found ?? 'none'}`, asked: `${asked ?? 'none'}` }
  }
  return null
}
