// Vhosts, exchanges, queues and bindings as the router reads them, and the only code that changes
// them. The rules of what may change are in topology-changes.ts; here every change is carried out
// whole: indexes, back references, snapshot pages and counters together. Reading happens on every
// node; changes come from the metadata log only.
import { assert } from '@holdfast/errors'
import { pack } from '@holdfast/record'
import {
  bindingIdentity,
  canonicalArguments,
  insertBinding,
  noArguments,
  removeBinding
} from './binding.ts'
import { createExchange, predeclaredExchanges } from './exchange/exchange.ts'
import { type MetadataLimits, metadataLimits } from './limits.ts'
import type { BindingArguments, ExchangeKind } from './metadata-command.ts'
import { OwnedQueues } from './owned-queues.ts'
import { type QueueOptions, refusesWhenFull } from './queue-options.ts'
import { type QueuePage, queuesPage } from './queues-page.ts'
import {
  type HeaderSource,
  type RouteOptions,
  type RouteResult,
  Router,
  type RouteTargets
} from './router.ts'
import { RowPages } from './row-pages.ts'
import { SortedNames } from './sorted-names.ts'
import type {
  Binding,
  Exchange,
  ExchangeOptions,
  Queue,
  QueueTarget,
  Vhost
} from './topology-row.ts'

/** How many there are, for limits and status. */
export interface TopologyCounts {
  vhosts: number
  /** Without the predeclared ones. */
  exchanges: number
  queues: number
  bindings: number
}

export class Topology {
  /** Index of the entry that changed the topology or the rights last; 0 when none has. */
  revision = 0
  /** Exclusive ones. */
  readonly ownedQueues: OwnedQueues = new OwnedQueues()
  readonly counts: TopologyCounts = { vhosts: 0, exchanges: 0, queues: 0, bindings: 0 }
  /** @internal For the snapshot. */
  readonly pages: RowPages
  readonly #vhosts: Map<string, Vhost> = new Map()
  readonly #vhostNames: SortedNames = new SortedNames()
  readonly #queueNames: Map<Vhost, SortedNames> = new Map()
  readonly #queuesById: Map<number, Queue> = new Map()
  readonly #router: Router = new Router()

  constructor(limits: MetadataLimits = metadataLimits) {
    this.pages = new RowPages(limits.snapshotPageBytes)
  }

  vhost(name: string): Vhost | null {
    return this.#vhosts.get(name) ?? null
  }

  /** Names of all vhosts, sorted. */
  vhostNames(): readonly string[] {
    return this.#vhostNames.after(null, this.counts.vhosts)
  }

  queue(vhost: string, name: string): Queue | null {
    return this.#vhosts.get(vhost)?.queues.get(name) ?? null
  }

  queueById(id: number): Queue | null {
    return this.#queuesById.get(id) ?? null
  }

  /** All queues, of all vhosts. */
  queues(): Iterable<Queue> {
    return this.#queuesById.values()
  }

  exchange(vhost: string, name: string): Exchange | null {
    return this.#vhosts.get(vhost)?.exchanges.get(name) ?? null
  }

  /**
   * Queues that a message goes to, each once, put into `out`, whose former content is dropped.
   * `headers` is called at most once, and only if a headers exchange is on the way. `isInside`: it
   * comes from a queue, not from a publisher, and may go to an internal exchange.
   */
  route(
    vhost: string,
    exchange: string,
    routingKey: string,
    headers: HeaderSource,
    out: RouteTargets,
    options?: RouteOptions
  ): RouteResult {
    const row = this.#vhosts.get(vhost)
    if (row === undefined) {
      out.clear()
      return 'vhost-not-found'
    }
    return this.#router.route(row, exchange, routingKey, headers, out, options)
  }

  /**
   * At most `limit` queues (from 1) in the order of (vhost, name), after those that `cursor` has
   * seen: of all vhosts, or of some. Queues that come or go meanwhile move no other one.
   * @throws REQUEST_INVALID for a cursor not made here
   */
  queuesPage(
    limit: number,
    cursor: string | null,
    vhosts: readonly string[] | null = null
  ): QueuePage {
    return queuesPage(this, limit, cursor, vhosts)
  }

  /** @internal Names of vhosts, or of the queues of one, after `name`. */
  namesAfter(vhost: string | null, name: string | null, countMax: number): readonly string[] {
    if (vhost === null) return this.#vhostNames.after(name, countMax)
    const row = this.#vhosts.get(vhost)
    const names = row === undefined ? undefined : this.#queueNames.get(row)
    return names?.after(name, countMax) ?? []
  }

  /** With the predeclared exchanges. */
  addVhost(name: string): void {
    assert(!this.#vhosts.has(name), 'a vhost is added once')
    const vhost: Vhost = {
      type: 'vhost',
      name,
      exchanges: new Map(),
      queues: new Map(),
      page: null,
      bytes: 16 + 3 * name.length
    }
    for (const [exchange, kind, options] of predeclaredExchanges) {
      vhost.exchanges.set(exchange, createExchange(name, exchange, kind, options))
    }
    this.#vhosts.set(name, vhost)
    this.#vhostNames.add(name)
    this.#queueNames.set(vhost, new SortedNames())
    this.pages.append(vhost)
    this.counts.vhosts += 1
  }

  /** Bindings between its predeclared exchanges go with it. */
  removeVhost(vhost: Vhost): void {
    assert(vhost.queues.size === 0, 'a vhost that is removed has no queues')
    for (const exchange of vhost.exchanges.values()) this.#dropExchange(vhost, exchange, [])
    this.#vhosts.delete(vhost.name)
    this.#vhostNames.remove(vhost.name)
    this.#queueNames.delete(vhost)
    this.pages.remove(vhost)
    this.counts.vhosts -= 1
  }

  addExchange(vhost: Vhost, name: string, kind: ExchangeKind, options: ExchangeOptions): void {
    assert(!vhost.exchanges.has(name), 'an exchange is added once')
    const exchange = createExchange(vhost.name, name, kind, options)
    vhost.exchanges.set(name, exchange)
    this.pages.append(exchange)
    this.counts.exchanges += 1
  }

  /** With its bindings, and with what was to be deleted with the last of them. */
  removeExchange(vhost: Vhost, exchange: Exchange): void {
    this.#reap(vhost, [exchange])
  }

  /** Keeps `options`, which must not share bytes with anything that is to be let go. */
  addQueue(
    vhost: Vhost,
    name: string,
    { id, group, owner }: Pick<QueueTarget, 'id' | 'group' | 'owner'>,
    options: QueueOptions
  ): void {
    assert(!vhost.queues.has(name), 'a queue is added once')
    const tail = options.arguments === noArguments ? 0 : pack(options.arguments).length
    const ownerBytes = owner === null ? 0 : 32 + 3 * owner.client.length
    const queue: Queue = {
      type: 'queue',
      id,
      group,
      vhost: vhost.name,
      name,
      owner,
      refusesWhenFull: refusesWhenFull(options),
      options,
      incoming: [],
      stamp: 0,
      page: null,
      bytes: 48 + 3 * (vhost.name.length + name.length) + tail + ownerBytes
    }
    vhost.queues.set(name, queue)
    this.ownedQueues.add(queue)
    this.#queuesById.set(id, queue)
    this.#queueNames.get(vhost)?.add(name)
    this.pages.append(queue)
    this.counts.queues += 1
  }

  removeQueue(vhost: Vhost, queue: Queue): void {
    vhost.queues.delete(queue.name)
    this.ownedQueues.remove(queue)
    this.#queuesById.delete(queue.id)
    this.#queueNames.get(vhost)?.remove(queue.name)
    this.pages.remove(queue)
    this.counts.queues -= 1
    const doomed: Exchange[] = []
    this.#unlinkIncoming(queue, doomed)
    this.#reap(vhost, doomed)
  }

  /** Keeps `bindingArguments`, which must not share bytes with anything that is to be let go. */
  addBinding(
    source: Exchange,
    destination: Queue | Exchange,
    id: number,
    bindingKey: string,
    bindingArguments: BindingArguments
  ): void {
    const identity = bindingIdentity(destination, bindingKey, bindingArguments)
    assert(!source.outgoing.has(identity), 'a binding is added once')
    const isBare = Object.keys(bindingArguments).length === 0
    const names = source.vhost.length + source.name.length + destination.name.length
    const tail = bindingKey.length + canonicalArguments(bindingArguments).length
    const binding: Binding = {
      type: 'binding',
      id,
      source,
      destination,
      bindingKey,
      arguments: isBare ? noArguments : bindingArguments,
      identity,
      page: null,
      bytes: 64 + 3 * (names + tail)
    }
    source.outgoing.set(identity, binding)
    source.index.add(binding)
    insertBinding(destination.incoming, binding)
    this.pages.append(binding)
    this.counts.bindings += 1
  }

  /** An auto-delete exchange goes with its last binding. */
  removeBinding(vhost: Vhost, binding: Binding): void {
    const doomed: Exchange[] = []
    removeBinding(binding.destination.incoming, binding)
    this.#unlinkOutgoing(binding, doomed)
    this.#reap(vhost, doomed)
  }

  #unlinkOutgoing(binding: Binding, doomed: Exchange[]): void {
    const { source } = binding
    source.outgoing.delete(binding.identity)
    source.index.remove(binding)
    this.pages.remove(binding)
    this.counts.bindings -= 1
    if (source.options.autoDelete && source.outgoing.size === 0) doomed.push(source)
  }

  #unlinkIncoming(destination: Queue | Exchange, doomed: Exchange[]): void {
    for (let last = destination.incoming.pop(); last; last = destination.incoming.pop()) {
      this.#unlinkOutgoing(last, doomed)
    }
  }

  /** Removes exchanges until no removal has doomed another one. */
  #reap(vhost: Vhost, doomed: Exchange[]): void {
    for (const exchange of doomed) {
      if (vhost.exchanges.get(exchange.name) !== exchange) continue
      this.#dropExchange(vhost, exchange, doomed)
      this.pages.remove(exchange)
      this.counts.exchanges -= 1
    }
  }

  #dropExchange(vhost: Vhost, exchange: Exchange, doomed: Exchange[]): void {
    vhost.exchanges.delete(exchange.name)
    this.#unlinkIncoming(exchange, doomed)
    for (const binding of exchange.outgoing.values()) {
      removeBinding(binding.destination.incoming, binding)
      this.pages.remove(binding)
      this.counts.bindings -= 1
    }
    exchange.outgoing.clear()
  }
}
