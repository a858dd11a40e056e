// The requests of a client and what answers them, as types, and the check of what came over the
// wire. A request that is not valid is refused with a coded error; the connection goes on.
import { HoldfastError } from '@holdfast/errors'
import type { HeaderValue } from '@holdfast/record'
import { protocolLimits } from './limits.ts'
import {
  type Arguments,
  checkBindingArguments,
  checkFlag,
  checkHeldRanges,
  checkInteger,
  checkKeys,
  checkName,
  mapOf
} from './validate.ts'

export type ExchangeKind = 'direct' | 'fanout' | 'topic' | 'headers'

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
  /** Gets what is rejected or expires. It need not exist; '' is the default exchange. */
  readonly deadLetterExchange?: string
  /** In the place of the routing keys that a message came with. */
  readonly deadLetterRoutingKey?: string
  /** Messages that may wait in it: those that no consumer holds or has room for. */
  readonly maxLength?: number
  /** Bytes of their bodies. */
  readonly maxLengthBytes?: number
  /** What leaves when there is more: its oldest messages (left out), or what is published. */
  readonly overflow?: Overflow
}

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx'

export interface ExchangeOptions {
  readonly durable?: true
  /** Takes messages from other exchanges only, not from publishers. */
  readonly internal?: boolean
  /** Deleted with its last binding. */
  readonly autoDelete?: boolean
  /** Gets what this exchange routes nowhere. */
  readonly alternateExchange?: string
}

interface QueueBinding {
  readonly queue: string
  readonly exchange: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, HeaderValue>>
}

interface ExchangeBinding {
  readonly destination: string
  readonly source: string
  readonly bindingKey: string
  readonly arguments: Readonly<Record<string, HeaderValue>>
}

/** A request whose arguments were checked. */
export type ClientRequest =
  | { readonly type: 'declare-queue'; readonly name: string; readonly options: QueueOptions }
  | {
      readonly type: 'delete-queue'
      readonly name: string
      readonly ifUnused: boolean
      readonly ifEmpty: boolean
    }
  | { readonly type: 'purge-queue'; readonly name: string }
  | { readonly type: 'inspect-queue'; readonly name: string }
  | {
      readonly type: 'declare-exchange'
      readonly name: string
      readonly kind: ExchangeKind
      readonly options: ExchangeOptions
    }
  | { readonly type: 'inspect-exchange'; readonly name: string }
  | { readonly type: 'delete-exchange'; readonly name: string; readonly ifUnused: boolean }
  | ({ readonly type: 'bind-queue' } & QueueBinding)
  | ({ readonly type: 'unbind-queue' } & QueueBinding)
  | ({ readonly type: 'bind-exchange' } & ExchangeBinding)
  | ({ readonly type: 'unbind-exchange' } & ExchangeBinding)
  | { readonly type: 'locate-queue'; readonly name: string }
  | {
      readonly type: 'consume'
      readonly queue: string
      /** Names the consumer among those of this client; survives re-attachment. */
      readonly tag: string
      readonly prefetch: number
      readonly autoAck: boolean
      readonly exclusive: boolean
      /** Who has a higher one gets messages first, for as long as it has credit. */
      readonly priority: number
      /**
       * Null on the first attachment; then the deliveries still held, `[first, last, attempt, …]`.
       */
      readonly resume: readonly number[] | null
    }
  | { readonly type: 'cancel'; readonly consumer: number }
  | { readonly type: 'nodes' }

export type RequestName = ClientRequest['type']

type Parser = (args: Arguments) => ClientRequest

const expiresRange = { min: 1, max: protocolLimits.expiresMsMax }
const messageTtlRange = { min: 0, max: protocolLimits.messageTtlMsMax }
const lengthRange = { min: 0, max: Number.MAX_SAFE_INTEGER }
const priorityRange = { min: -(2 ** 31), max: 2 ** 31 - 1 }

const overflows: readonly unknown[] = ['drop-head', 'reject-publish', 'reject-publish-dlx']

const exchangeKinds: readonly string[] = ['direct', 'fanout', 'topic', 'headers']

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
  'overflow'
]

function parseQueueOptions(value: unknown): QueueOptions {
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
  checkDeadLetter(options)
  checkLengthLimit(options)
  return options as QueueOptions
}

function checkLengthLimit(options: Arguments): void {
  for (const option of ['maxLength', 'maxLengthBytes']) {
    if (options[option] !== undefined) checkInteger('queue', options, option, lengthRange)
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

function parseExchangeOptions(value: unknown): ExchangeOptions {
  if (value === undefined || value === null) return {}
  const options = mapOf(value, 'options')
  const known = ['durable', 'internal', 'autoDelete', 'alternateExchange']
  checkKeys('exchange', options, known)
  checkDurable('exchange', options)
  checkFlag('exchange', options, 'internal')
  checkFlag('exchange', options, 'autoDelete')
  const alternate = options['alternateExchange']
  if (alternate !== undefined) checkName('exchange', alternate)
  return options as ExchangeOptions
}

/** Only durable ones exist in this version, so `durable` may be said but not denied. */
function checkDurable(kind: string, options: Arguments): void {
  const durable = options['durable']
  if (durable === undefined || durable === true) return
  const reason = 'only durable ones exist in this version'
  throw new HoldfastError('OPTION_INVALID', { option: 'durable', kind, reason })
}

function parseKind(value: unknown): ExchangeKind {
  if (typeof value === 'string' && exchangeKinds.includes(value)) return value as ExchangeKind
  // A map of the wire has no prototype, so that nothing can make a text of it.
  const type = typeof value === 'string' ? value.slice(0, 64) : `of type ${typeof value}`
  throw new HoldfastError('EXCHANGE_TYPE_UNKNOWN', { type })
}

function queueBinding(type: 'bind-queue' | 'unbind-queue', args: Arguments): ClientRequest {
  checkKeys(type, args, ['queue', 'exchange', 'bindingKey', 'arguments'])
  return {
    type,
    queue: checkName('queue', args['queue']),
    exchange: checkName('exchange', args['exchange'], 0),
    bindingKey: checkName('binding key', args['bindingKey'], 0),
    arguments: checkBindingArguments(args['arguments'])
  }
}

function exchangeBinding(
  type: 'bind-exchange' | 'unbind-exchange',
  args: Arguments
): ClientRequest {
  checkKeys(type, args, ['destination', 'source', 'bindingKey', 'arguments'])
  return {
    type,
    destination: checkName('exchange', args['destination'], 0),
    source: checkName('exchange', args['source'], 0),
    bindingKey: checkName('binding key', args['bindingKey'], 0),
    arguments: checkBindingArguments(args['arguments'])
  }
}

function parseConsume(args: Arguments): ClientRequest {
  const known = ['queue', 'tag', 'prefetch', 'autoAck', 'exclusive', 'priority', 'resume']
  checkKeys('consumer', args, known)
  const resume = args['resume']
  return {
    type: 'consume',
    queue: checkName('queue', args['queue']),
    tag: checkName('consumer', args['tag']),
    prefetch: checkInteger('consumer', args, 'prefetch', {
      min: 1,
      max: protocolLimits.prefetchMax
    }),
    autoAck: checkFlag('consumer', args, 'autoAck'),
    exclusive: checkFlag('consumer', args, 'exclusive'),
    priority:
      args['priority'] === undefined
        ? 0
        : checkInteger('consumer', args, 'priority', priorityRange),
    resume: resume === null || resume === undefined ? null : checkHeldRanges(resume)
  }
}

const parsers: { readonly [Name in RequestName]: Parser } = {
  'declare-queue': (args) => {
    checkKeys('declare-queue', args, ['name', 'options'])
    // Without a name: the server makes one.
    const name = checkName('queue', args['name'], 0)
    return { type: 'declare-queue', name, options: parseQueueOptions(args['options']) }
  },
  'delete-queue': (args) => {
    checkKeys('delete-queue', args, ['name', 'ifUnused', 'ifEmpty'])
    const name = checkName('queue', args['name'])
    const ifUnused = checkFlag('delete-queue', args, 'ifUnused')
    return {
      type: 'delete-queue',
      name,
      ifUnused,
      ifEmpty: checkFlag('delete-queue', args, 'ifEmpty')
    }
  },
  'purge-queue': (args) => ({ type: 'purge-queue', name: onlyName('purge-queue', args) }),
  'inspect-queue': (args) => ({ type: 'inspect-queue', name: onlyName('inspect-queue', args) }),
  'locate-queue': (args) => ({ type: 'locate-queue', name: onlyName('locate-queue', args) }),
  'declare-exchange': (args) => {
    checkKeys('declare-exchange', args, ['name', 'kind', 'options'])
    const name = checkName('exchange', args['name'])
    const kind = parseKind(args['kind'])
    return { type: 'declare-exchange', name, kind, options: parseExchangeOptions(args['options']) }
  },
  'delete-exchange': (args) => {
    checkKeys('delete-exchange', args, ['name', 'ifUnused'])
    const name = checkName('exchange', args['name'])
    return {
      type: 'delete-exchange',
      name,
      ifUnused: checkFlag('delete-exchange', args, 'ifUnused')
    }
  },
  'inspect-exchange': (args) => {
    checkKeys('inspect-exchange', args, ['name'])
    return { type: 'inspect-exchange', name: checkName('exchange', args['name'], 0) }
  },
  'bind-queue': (args) => queueBinding('bind-queue', args),
  'unbind-queue': (args) => queueBinding('unbind-queue', args),
  'bind-exchange': (args) => exchangeBinding('bind-exchange', args),
  'unbind-exchange': (args) => exchangeBinding('unbind-exchange', args),
  consume: parseConsume,
  cancel: (args) => {
    checkKeys('cancel', args, ['consumer'])
    const range = { min: 0, max: Number.MAX_SAFE_INTEGER }
    return { type: 'cancel', consumer: checkInteger('cancel', args, 'consumer', range) }
  },
  nodes: (args) => {
    checkKeys('nodes', args, [])
    return { type: 'nodes' }
  }
}

/** Names of all requests. */
export const requestNames: readonly RequestName[] = Object.keys(parsers) as RequestName[]

function onlyName(kind: string, args: Arguments): string {
  checkKeys(kind, args, ['name'])
  return checkName('queue', args['name'])
}

/**
 * Checks a request by its name and arguments.
 * @throws REQUEST_INVALID, NAME_INVALID, OPTION_UNKNOWN, OPTION_INVALID, EXCHANGE_TYPE_UNKNOWN,
 * BINDING_INVALID
 */
export function parseRequest(name: string, args: unknown): ClientRequest {
  if (!Object.hasOwn(parsers, name)) {
    const reason = `no request is called '${name}'`
    throw new HoldfastError('REQUEST_INVALID', { reason })
  }
  return parsers[name as RequestName](mapOf(args, 'the arguments of a request'))
}
