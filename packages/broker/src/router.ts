// From a message to the queues that take it: through exchanges bound to exchanges, with cycles, and
// to the alternate exchange of one whose bindings take nothing (as in RabbitMQ: a binding to
// another exchange counts as taken, wherever it leads). Every exchange is visited and every queue
// given once a message; walks are told apart by a stamp, so nothing has to be allocated or cleared
// between them.
import { defaultExchange } from './exchange/exchange.ts'
import type {
  Binding,
  BindingSink,
  Exchange,
  Headers,
  Queue,
  QueueTarget,
  Vhost
} from './topology-row.ts'

export type HeaderSource = () => Headers

export type RouteResult =
  | 'routed'
  | 'unroutable'
  | 'vhost-not-found'
  | 'exchange-not-found'
  | 'exchange-internal'

/** Where the router puts queues; meant to be used again for the next message. */
export class RouteTargets {
  /** How many queues there are; `at` gives those below. */
  count = 0
  readonly #queues: QueueTarget[] = []

  at(position: number): QueueTarget {
    const queue = position < this.count ? this.#queues[position] : undefined
    if (queue === undefined) throw new RangeError('a route target is asked for by its position')
    return queue
  }

  /** A copy that stays. */
  toArray(): readonly QueueTarget[] {
    return this.#queues.slice(0, this.count)
  }

  clear(): void {
    this.count = 0
  }

  add(queue: QueueTarget): void {
    this.#queues[this.count] = queue
    this.count += 1
  }
}

const noHeaders: HeaderSource = () => null
const noCopies: readonly string[] = []

export interface RouteOptions {
  /** Not from a client: internal exchanges take it. */
  readonly isInside?: boolean
  /** Further routing keys (CC and BCC): a binding that takes one of them takes the message. */
  readonly copies?: readonly string[]
}

export class Router implements BindingSink {
  /** Number of this walk. Stamps of rows that were never visited are 0. */
  #stamp = 0
  #out: RouteTargets = new RouteTargets()
  /** Exchanges reached, those visited included. */
  readonly #reached: Exchange[] = []
  /** Whether a binding of the exchange being visited took the message. */
  #isTaken = false
  #headerSource: HeaderSource = noHeaders
  #headers: Headers | undefined
  #copies = noCopies

  route(
    vhost: Vhost,
    name: string,
    routingKey: string,
    headers: HeaderSource,
    out: RouteTargets,
    { isInside = false, copies = noCopies }: RouteOptions = {}
  ): RouteResult {
    out.clear()
    if (name === defaultExchange && copies.length === 0) {
      const queue = vhost.queues.get(routingKey)
      if (queue !== undefined) out.add(queue)
      return queue === undefined ? 'unroutable' : 'routed'
    }
    const exchange = vhost.exchanges.get(name)
    if (exchange === undefined) return 'exchange-not-found'
    if (exchange.options.internal && !isInside) return 'exchange-internal'
    this.#begin(headers, out)
    this.#copies = copies
    this.#reach(exchange)
    for (let next = 0; next < this.#reached.length; next++) {
      const visited = this.#reached[next]
      if (visited !== undefined) this.#visit(vhost, visited, routingKey)
    }
    this.#headerSource = noHeaders
    this.#headers = undefined
    return out.count === 0 ? 'unroutable' : 'routed'
  }

  headers(): Headers {
    if (this.#headers === undefined) this.#headers = this.#headerSource()
    return this.#headers
  }

  take(binding: Binding): void {
    this.#isTaken = true
    if (binding.destination.type === 'queue') this.#give(binding.destination)
    else this.#reach(binding.destination)
  }

  #begin(headers: HeaderSource, out: RouteTargets): void {
    this.#stamp += 1
    this.#out = out
    this.#reached.length = 0
    this.#headerSource = headers
    this.#headers = undefined
  }

  #visit(vhost: Vhost, exchange: Exchange, routingKey: string): void {
    this.#isTaken = false
    this.#match(vhost, exchange, routingKey)
    for (const key of this.#copies) this.#match(vhost, exchange, key)
    const { alternateExchange } = exchange.options
    if (this.#isTaken || alternateExchange === null) return
    const alternate = vhost.exchanges.get(alternateExchange)
    if (alternate !== undefined) this.#reach(alternate)
  }

  #match(vhost: Vhost, exchange: Exchange, key: string): void {
    if (exchange.name !== defaultExchange) return exchange.index.match(key, this)
    const queue = vhost.queues.get(key)
    if (queue !== undefined) this.#give(queue)
  }

  #give(queue: Queue): void {
    if (queue.stamp === this.#stamp) return
    queue.stamp = this.#stamp
    this.#out.add(queue)
  }

  #reach(exchange: Exchange): void {
    if (exchange.stamp === this.#stamp) return
    exchange.stamp = this.#stamp
    this.#reached.push(exchange)
  }
}
