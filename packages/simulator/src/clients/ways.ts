// The exchanges of a run, what is bound to them, and where that leads: every kind of exchange, one
// behind another, and one that takes what another has no binding for.
import type { ClientRequest } from '@holdfast/protocol'
import { nameOf } from './names.ts'
import type { Route } from './publisher.ts'

type Declaration = Extract<
  ClientRequest,
  { type: 'declare-exchange' | 'bind-queue' | 'bind-exchange' }
>

/** A binding that comes and goes. */
export interface ChangingWay {
  readonly exchange: string
  readonly bindingKey: string
  /** What it matches. */
  readonly routingKey: string
  /** Where that leads besides, by other bindings. */
  readonly others: readonly string[]
  /** Where it leads without the binding. */
  readonly without: readonly string[]
}

export function route(exchange: string, routingKey: string, queues: readonly string[]): Route {
  return { exchange, routingKey, queues, mandatory: true }
}

/** Straight to the first queue, and by copies to the others. Clients of AMQP can say so. */
export function copiedRoute(queues: readonly string[]): Route {
  const [routingKey = '', ...copies] = queues.map(nameOf)
  return { ...route('', routingKey, queues), copies }
}

/** Where exchanges lead to. */
export const boundQueues = ['q1', 'q2', 'q3', 'q4'] as const

/** Where dead letters go, and one of the exchanges by which they come there. */
export const graveQueue = 'grave'
export const graveExchange = 'amq.direct'
/** It gets by that exchange what the grave gets, and has little room: letters wait for both. */
export const tombQueue = 'tomb'

/** Whose messages are put back into it, by transactions that take them out. */
export const movedQueue = 'moved'

const fanQueues = ['q1', 'q2', 'q4'] as const

const big = { size: 'big' }
const redAndBig = { colour: 'red', ...big }

export const exchangeRoutes: readonly Route[] = [
  route('fan', '', fanQueues),
  route('dir', 'a', ['q1', 'q3']),
  route('dir', 'b', ['q3']),
  {
    ...route('head', '', []),
    variants: [
      { headers: redAndBig, queues: ['q1', 'q2'] },
      { headers: big, queues: ['q2'] },
      { headers: { colour: 'blue' }, queues: [] }
    ]
  },
  route('top', 'a.z', ['q1', 'q3']),
  route('top', 'e.f.g', ['q2']),
  // `#` stands for no word, too.
  route('top', 'e', ['q2']),
  route('top', 'z', ['q3']),
  route('top', 'b', ['q3']),
  route('top', 'nothing', fanQueues)
]

function exchange(
  name: string,
  kind: 'direct' | 'fanout' | 'headers' | 'topic',
  options: { readonly alternateExchange?: string } = {}
): Declaration {
  return { type: 'declare-exchange', name, kind, options }
}

function bound(
  queue: string,
  exchange: string,
  bindingKey: string = '',
  headers: { readonly [name: string]: string } = {}
): Declaration {
  return { type: 'bind-queue', queue, exchange, bindingKey, arguments: headers }
}

export const declarations: readonly Declaration[] = [
  exchange('fan', 'fanout'),
  exchange('dir', 'direct'),
  exchange('head', 'headers'),
  exchange('top', 'topic', { alternateExchange: 'fan' }),
  bound(graveQueue, graveExchange, graveQueue),
  bound(tombQueue, graveExchange, graveQueue),
  ...fanQueues.map((queue) => bound(queue, 'fan')),
  bound('q1', 'dir', 'a'),
  bound('q3', 'dir', 'a'),
  bound('q3', 'dir', 'b'),
  bound('q1', 'head', '', { 'x-match': 'all', ...redAndBig }),
  bound('q2', 'head', '', { 'x-match': 'any', ...redAndBig }),
  bound('q1', 'top', 'a.*'),
  bound('q2', 'top', 'e.#'),
  bound('q3', 'top', '#.z'),
  // It comes there by `dir` as well, and is there once.
  bound('q3', 'top', 'b'),
  { type: 'bind-exchange', destination: 'dir', source: 'top', bindingKey: 'b', arguments: {} }
]

const inTopic = { exchange: 'top', others: [], without: fanQueues } as const

/** The nth of each kind. Those of the topic exchange share words with what is bound to stay. */
export const changingWays: readonly ((n: number) => ChangingWay)[] = [
  (n) => {
    const key = `key-${n}`
    return { exchange: 'dir', bindingKey: key, routingKey: key, others: [], without: [] }
  },
  (n) => ({ ...inTopic, bindingKey: `a.n${n}.#`, routingKey: `a.n${n}.x.y` }),
  (n) => ({ ...inTopic, bindingKey: `a.*.n${n}`, routingKey: `a.k.n${n}` }),
  (n) => ({ ...inTopic, bindingKey: `#.n${n}`, routingKey: `v.w.n${n}` }),
  (n) => ({ ...inTopic, bindingKey: `m.#.n${n}`, routingKey: `m.n${n}` }),
  (n) => {
    const key = `e.n${n}`
    return { exchange: 'top', bindingKey: key, routingKey: key, others: ['q2'], without: ['q2'] }
  }
]
