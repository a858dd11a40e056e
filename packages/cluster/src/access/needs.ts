// Which rights an operation needs, as RabbitMQ has it: data, for every protocol that asks for the
// same things. What is decided of them is in authorization.ts.
import type { AmqpRequest } from '@holdfast/amqp'
import type { ClientRequest } from '@holdfast/protocol'

export type Resource = 'queue' | 'exchange'
export type Right = 'configure' | 'write' | 'read'

/** A right on one thing. `any`: one of the three will do. */
export interface Need {
  readonly resource: Resource
  readonly name: string
  readonly right: Right | 'any'
  /** Of a topic exchange also this routing key must be allowed. */
  readonly topic?: string
}

const on =
  (resource: Resource, right: Need['right']) =>
  (name: string): Need => ({ resource, name, right })

const configureQueue = on('queue', 'configure')
const writeQueue = on('queue', 'write')
const readQueue = on('queue', 'read')
const anyOfQueue = on('queue', 'any')
const configureExchange = on('exchange', 'configure')
const writeExchange = on('exchange', 'write')
const readExchange = on('exchange', 'read')

export const needs = {
  /** `deadLetterExchange` null: it has none. */
  declareQueue: (name: string, deadLetterExchange: string | null = null): readonly Need[] =>
    deadLetterExchange === null
      ? [configureQueue(name)]
      : [configureQueue(name), readQueue(name), writeExchange(deadLetterExchange)],
  deleteQueue: (name: string): readonly Need[] => [configureQueue(name)],
  declareExchange: (name: string, alternate: string | null = null): readonly Need[] =>
    alternate === null
      ? [configureExchange(name)]
      : [configureExchange(name), readExchange(name), writeExchange(alternate)],
  deleteExchange: (name: string): readonly Need[] => [configureExchange(name)],
  /** And to unbind. */
  bindQueue: (queue: string, source: string, topic: string): readonly Need[] => [
    writeQueue(queue),
    { ...readExchange(source), topic }
  ],
  bindExchange: (destination: string, source: string, topic: string): readonly Need[] => [
    writeExchange(destination),
    { ...readExchange(source), topic }
  ],
  publish: (exchange: string, topic: string): readonly Need[] => [
    { ...writeExchange(exchange), topic }
  ],
  /** Consume, get, purge. */
  readQueue: (name: string): readonly Need[] => [readQueue(name)],
  /** Declare passively, inspect, locate. */
  seeQueue: (name: string): readonly Need[] => [anyOfQueue(name)],
  seeExchange: (name: string): readonly Need[] => [on('exchange', 'any')(name)]
} as const

/** An option, or an argument, that names an exchange. */
function exchangeIn(options: object, option: string): string | null {
  const value = (options as Readonly<Record<string, unknown>>)[option]
  return typeof value === 'string' ? value : null
}

/** A name that the server makes is looked at where it is made. */
function toDeclare(name: string, deadLetterExchange: string | null = null): readonly Need[] {
  return name === '' ? [] : needs.declareQueue(name, deadLetterExchange)
}

type NeedsOf<Request extends { readonly type: string }> = {
  readonly [Type in Request['type']]: (
    request: Extract<Request, { readonly type: Type }>
  ) => readonly Need[]
}

const nothing = (): readonly Need[] => []

interface Named {
  readonly name: string
}

interface QueueBinding {
  readonly queue: string
  readonly exchange: string
  readonly bindingKey: string
}

interface ExchangeBinding {
  readonly destination: string
  readonly source: string
  readonly bindingKey: string
}

const ofQueueBinding = ({ queue, exchange, bindingKey }: QueueBinding): readonly Need[] =>
  needs.bindQueue(queue, exchange, bindingKey)
const ofExchangeBinding = ({ destination, source, bindingKey }: ExchangeBinding): readonly Need[] =>
  needs.bindExchange(destination, source, bindingKey)

/** What has the same words in both protocols. */
const needsOfBoth = {
  'delete-queue': ({ name }: Named) => needs.deleteQueue(name),
  'purge-queue': ({ name }: Named) => needs.readQueue(name),
  'delete-exchange': ({ name }: Named) => needs.deleteExchange(name),
  'bind-queue': ofQueueBinding,
  'unbind-queue': ofQueueBinding,
  'bind-exchange': ofExchangeBinding,
  'unbind-exchange': ofExchangeBinding
} as const

/** The requests of the native protocol. */
const needsOfRequests: NeedsOf<ClientRequest> = {
  ...needsOfBoth,
  'declare-queue': ({ name, options }) => toDeclare(name, options.deadLetterExchange),
  'inspect-queue': ({ name }) => needs.seeQueue(name),
  'locate-queue': ({ name }) => needs.seeQueue(name),
  'declare-exchange': ({ name, options }) =>
    needs.declareExchange(name, exchangeIn(options, 'alternateExchange')),
  'inspect-exchange': ({ name }) => needs.seeExchange(name),
  consume: ({ queue }) => needs.readQueue(queue),
  cancel: nothing,
  nodes: nothing
}

/** Those of AMQP 0-9-1. */
const needsOfAmqp: NeedsOf<AmqpRequest> = {
  ...needsOfBoth,
  authenticate: nothing,
  'open-vhost': nothing,
  'update-secret': nothing,
  'declare-queue': ({ name, options }) =>
    toDeclare(name, exchangeIn(options.arguments, 'x-dead-letter-exchange')),
  // RabbitMQ: to declare passively needs no right.
  'inspect-queue': nothing,
  'declare-exchange': ({ name, options }) =>
    needs.declareExchange(name, exchangeIn(options.arguments, 'alternate-exchange')),
  'inspect-exchange': nothing,
  consume: ({ queue }) => needs.readQueue(queue),
  get: ({ queue }) => needs.readQueue(queue),
  'consume-replies': nothing,
  cancel: nothing,
  'set-prefetch': nothing,
  release: nothing,
  commit: nothing
}

export function needsOf(request: ClientRequest): readonly Need[] {
  const of = needsOfRequests[request.type] as (request: ClientRequest) => readonly Need[]
  return of(request)
}

export function needsOfAmqpRequest(request: AmqpRequest): readonly Need[] {
  const of = needsOfAmqp[request.type] as (request: AmqpRequest) => readonly Need[]
  return of(request)
}
