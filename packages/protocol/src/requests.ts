// The requests of a client and what answers them, as types, and the check of what came over the
// wire. A request that is not valid is refused with a coded error; the connection goes on.
import { HoldfastError } from '@holdfast/errors'
import type { HeaderValue } from '@holdfast/record'
import { protocolLimits } from './limits.ts'
import { parseQueueOptions, type QueueOptions } from './queue-options.ts'
import {
  type Arguments,
  checkBindingArguments,
  checkDurable,
  checkFlag,
  checkHeldRanges,
  checkInteger,
  checkKeys,
  checkName,
  mapOf
} from './validate.ts'

export type ExchangeKind = 'direct' | 'fanout' | 'topic' | 'headers'

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

const priorityRange = { min: -(2 ** 31), max: 2 ** 31 - 1 }

const exchangeKinds: readonly string[] = ['direct', 'fanout', 'topic', 'headers']

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
