// The rules of the topology: who may declare, bind and delete what, as AMQP 0-9-1 and RabbitMQ have
// it. Every function checks all that can be refused before it changes anything, so a refused
// command leaves no trace. Refusals are thrown as coded errors; the machine turns them into
// answers.
import { HoldfastError, unreachable } from '@holdfast/errors'
import { bindingIdentity } from './binding.ts'
import { checkBinding, checkBindingOf } from './binding-check.ts'
import {
  defaultExchange,
  differingField,
  predeclaredExchanges,
  readExchangeKind,
  readExchangeOptions
} from './exchange/exchange.ts'
import type { MetadataLimits } from './limits.ts'
import type { MetadataReply, TopologyCommand } from './metadata-command.ts'
import { checkName, reservedPrefix } from './names.ts'
import { checkQueueName, differingOption, readQueueOptions } from './queue-options.ts'
import { checkOwner, checkUse } from './queue-owner.ts'
import type { Topology } from './topology.ts'
import type { Exchange, Queue, Vhost } from './topology-row.ts'

type Command<Type extends TopologyCommand['type']> = Extract<TopologyCommand, { type: Type }>
type BindCommand = Command<'bind'> | Command<'unbind'>

/** What a change needs of the machine around the topology. */
export interface ChangeContext {
  readonly topology: Topology
  readonly limits: MetadataLimits
  /** Entry index × 4096 + position of the command: id of what it creates. */
  readonly cursor: number
  /** How many queues a vhost may have; null: no bound of its own. */
  queuesMax(vhost: string): number | null
  vhostDeleted(vhost: string): void
  /** @throws GROUP_NOT_FOUND, LIMIT_REACHED: the group cannot take a change of its queues. */
  checkOutbox(group: number): void
  queueCreated(queue: Queue): void
  queueDeleted(queue: Queue): void
}

const predeclaredNames: ReadonlySet<string> = new Set(predeclaredExchanges.map(([name]) => name))

function findVhost(topology: Topology, name: string): Vhost {
  const vhost = topology.vhost(name)
  if (vhost === null) throw new HoldfastError('VHOST_NOT_FOUND', { vhost: name })
  return vhost
}

function findExchange(vhost: Vhost, name: string): Exchange {
  const exchange = vhost.exchanges.get(name)
  if (exchange !== undefined) return exchange
  throw new HoldfastError('EXCHANGE_NOT_FOUND', { vhost: vhost.name, exchange: name })
}

function findQueue(vhost: Vhost, name: string): Queue {
  const queue = vhost.queues.get(name)
  if (queue !== undefined) return queue
  throw new HoldfastError('QUEUE_NOT_FOUND', { vhost: vhost.name, queue: name })
}

function checkRoom(count: number, limit: number, kind: string): void {
  if (count >= limit) throw new HoldfastError('LIMIT_REACHED', { limit, kind })
}

function declareVhost(context: ChangeContext, command: Command<'declare-vhost'>): MetadataReply {
  const { topology, limits } = context
  checkName('vhost', command.vhost)
  if (topology.vhost(command.vhost) !== null) return { type: 'declared', created: false }
  checkRoom(topology.counts.vhosts, limits.vhostsMax, 'vhosts')
  topology.addVhost(command.vhost)
  return { type: 'declared', created: true }
}

function deleteVhost(context: ChangeContext, command: Command<'delete-vhost'>): MetadataReply {
  const vhost = findVhost(context.topology, command.vhost)
  const refusal = (kind: string): HoldfastError =>
    new HoldfastError('VHOST_IN_USE', { vhost: vhost.name, kind })
  if (vhost.queues.size > 0) throw refusal('queues')
  if (vhost.exchanges.size > predeclaredExchanges.length) throw refusal('exchanges')
  context.topology.removeVhost(vhost)
  context.vhostDeleted(vhost.name)
  return { type: 'done' }
}

function declareExchange(
  context: ChangeContext,
  command: Command<'declare-exchange'>
): MetadataReply {
  const { topology, limits } = context
  const { name } = command
  if (name === defaultExchange) throw new HoldfastError('EXCHANGE_RESERVED', { exchange: name })
  checkName('exchange', name)
  const kind = readExchangeKind(command.kind)
  const options = readExchangeOptions(command.options)
  const vhost = findVhost(topology, command.vhost)
  const existing = vhost.exchanges.get(name)
  if (existing !== undefined) {
    const difference = differingField(existing, kind, options)
    if (difference === null) return { type: 'declared', created: false }
    const details = { vhost: vhost.name, exchange: name, ...difference }
    throw new HoldfastError('EXCHANGE_MISMATCH', details)
  }
  if (name.startsWith(reservedPrefix)) {
    throw new HoldfastError('EXCHANGE_RESERVED', { exchange: name })
  }
  checkRoom(topology.counts.exchanges, limits.exchangesMax, 'exchanges')
  topology.addExchange(vhost, name, kind, options)
  return { type: 'declared', created: true }
}

function deleteExchange(
  context: ChangeContext,
  command: Command<'delete-exchange'>
): MetadataReply {
  const { name } = command
  const vhost = findVhost(context.topology, command.vhost)
  if (predeclaredNames.has(name)) throw new HoldfastError('EXCHANGE_RESERVED', { exchange: name })
  const exchange = findExchange(vhost, name)
  if (command.ifUnused && exchange.outgoing.size > 0) {
    throw new HoldfastError('EXCHANGE_IN_USE', { vhost: vhost.name, exchange: name })
  }
  context.topology.removeExchange(vhost, exchange)
  return { type: 'done' }
}

function declareQueue(context: ChangeContext, command: Command<'declare-queue'>): MetadataReply {
  const { topology, limits, cursor } = context
  const { name, group, owner = null } = command
  checkName('queue', name)
  const options = readQueueOptions(command.options)
  if (options.exclusive !== (owner !== null)) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'exclusive queues have an owner' })
  }
  const vhost = findVhost(topology, command.vhost)
  const existing = vhost.queues.get(name)
  if (existing !== undefined) {
    checkOwner(existing, owner)
    const difference = differingOption(existing.options, options)
    if (difference !== null) {
      throw new HoldfastError('QUEUE_MISMATCH', { vhost: vhost.name, queue: name, ...difference })
    }
    const { id } = existing
    return { type: 'queue', queue: id, group: existing.group, cursor: id, created: false }
  }
  checkQueueName(name, command.options)
  checkRoom(topology.counts.queues, limits.queuesMax, 'queues')
  const limit = context.queuesMax(vhost.name)
  if (limit !== null && vhost.queues.size >= limit) {
    throw new HoldfastError('QUEUES_LIMIT_REACHED', { vhost: vhost.name, limit })
  }
  context.checkOutbox(group)
  topology.addQueue(vhost, name, { id: cursor, group, owner }, options)
  context.queueCreated(findQueue(vhost, name))
  return { type: 'queue', queue: cursor, group, cursor, created: true }
}

function deleteQueue(context: ChangeContext, command: Command<'delete-queue'>): MetadataReply {
  const vhost = findVhost(context.topology, command.vhost)
  const queue = findQueue(vhost, command.name)
  if (command.queue !== null && command.queue !== queue.id) {
    throw new HoldfastError('QUEUE_NOT_FOUND', { vhost: vhost.name, queue: queue.name })
  }
  context.checkOutbox(queue.group)
  context.topology.removeQueue(vhost, queue)
  context.queueDeleted(queue)
  return { type: 'queue-deleted', queue: queue.id, group: queue.group, cursor: context.cursor }
}

interface BindingEnds {
  readonly vhost: Vhost
  readonly source: Exchange
  readonly destination: Queue | Exchange
}

function findEnds(topology: Topology, command: BindCommand): BindingEnds {
  const { destination } = command
  const isDefaultDestination =
    destination.type === 'exchange' && destination.name === defaultExchange
  if (command.source === defaultExchange || isDefaultDestination) {
    throw new HoldfastError('EXCHANGE_RESERVED', { exchange: defaultExchange })
  }
  const vhost = findVhost(topology, command.vhost)
  const source = findExchange(vhost, command.source)
  const { name } = destination
  if (destination.type === 'exchange') {
    return { vhost, source, destination: findExchange(vhost, name) }
  }
  const queue = findQueue(vhost, name)
  checkUse(queue, command.client)
  return { vhost, source, destination: queue }
}

function bind(context: ChangeContext, command: Command<'bind'>): MetadataReply {
  const { topology, limits, cursor } = context
  const { bindingKey, arguments: bindingArguments } = command
  checkBinding(bindingKey, bindingArguments)
  const { source, destination } = findEnds(topology, command)
  checkBindingOf(source.kind, bindingArguments)
  const identity = bindingIdentity(destination, bindingKey, bindingArguments)
  if (source.outgoing.has(identity)) return { type: 'declared', created: false }
  checkRoom(topology.counts.bindings, limits.bindingsMax, 'bindings')
  topology.addBinding(source, destination, cursor, bindingKey, bindingArguments)
  return { type: 'declared', created: true }
}

/** Unbinding what is not bound is no error, as in RabbitMQ. */
function unbind(context: ChangeContext, command: Command<'unbind'>): MetadataReply {
  const { bindingKey, arguments: bindingArguments } = command
  checkBinding(bindingKey, bindingArguments)
  const { vhost, source, destination } = findEnds(context.topology, command)
  const identity = bindingIdentity(destination, bindingKey, bindingArguments)
  const binding = source.outgoing.get(identity)
  if (binding !== undefined) context.topology.removeBinding(vhost, binding)
  return { type: 'done' }
}

/** @throws HoldfastError when the command is refused; nothing has changed then. */
export function changeTopology(context: ChangeContext, command: TopologyCommand): MetadataReply {
  switch (command.type) {
    case 'declare-vhost':
      return declareVhost(context, command)
    case 'delete-vhost':
      return deleteVhost(context, command)
    case 'declare-exchange':
      return declareExchange(context, command)
    case 'delete-exchange':
      return deleteExchange(context, command)
    case 'declare-queue':
      return declareQueue(context, command)
    case 'delete-queue':
      return deleteQueue(context, command)
    case 'bind':
      return bind(context, command)
    case 'unbind':
      return unbind(context, command)
    default:
      return unreachable(command)
  }
}
