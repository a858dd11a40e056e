// Rows of the topology as they stand in a snapshot. They refer to each other by name, and a row is
// read after those it refers to, because pages keep the order of creation.
//   row := [0, vhost]
//        | [1, vhost, name, kind, autoDelete, internal, alternateExchange | nil, durable]
//        | [2, vhost, name, id, group, durable, autoDelete, arguments | nil, owner | nil]
//        | [3, vhost, source, isQueue, destination, id, binding key, arguments | nil]
import { assert, unreachable } from '@holdfast/errors'
import { noArguments } from './binding.ts'
import { readExchangeKind } from './exchange/exchange.ts'
import type { BindingArguments } from './metadata-command.ts'
import { sharedOptions } from './queue-options.ts'
import { ownerRow, readOwner } from './queue-owner.ts'
import type { Topology } from './topology.ts'
import type { Row, Vhost } from './topology-row.ts'

function kept(given: BindingArguments): BindingArguments | null {
  return given === noArguments ? null : given
}

export function topologyRow(row: Row): readonly unknown[] {
  switch (row.type) {
    case 'vhost':
      return [0, row.name]
    case 'exchange': {
      const { vhost, name, kind, options } = row
      const { autoDelete, internal, alternateExchange, durable } = options
      return [1, vhost, name, kind, autoDelete, internal, alternateExchange, durable]
    }
    case 'queue': {
      const { vhost, name, id, group, options } = row
      const { durable, autoDelete } = options
      const owner = row.owner === null ? null : ownerRow(row.owner)
      return [2, vhost, name, id, group, durable, autoDelete, kept(options.arguments), owner]
    }
    case 'binding': {
      const { source, destination, id, bindingKey } = row
      const tail = kept(row.arguments)
      const isQueue = destination.type === 'queue'
      return [3, source.vhost, source.name, isQueue, destination.name, id, bindingKey, tail]
    }
    default:
      return unreachable(row)
  }
}

function text(value: unknown): string {
  assert(typeof value === 'string', 'a row of the topology has its texts')
  return value
}

function number(value: unknown): number {
  assert(typeof value === 'number', 'a row of the topology has its numbers')
  return value
}

function findVhost(topology: Topology, name: unknown): Vhost {
  const vhost = topology.vhost(text(name))
  assert(vhost !== null, 'the vhost of a row stands before it')
  return vhost
}

function readArguments(value: unknown): BindingArguments {
  assert(value === null || typeof value === 'object', 'a row of the topology has its arguments')
  return (value ?? noArguments) as BindingArguments
}

function readBinding(topology: Topology, row: readonly unknown[]): void {
  const [, vhostName, sourceName, isQueue, destinationName, id, bindingKey, tail] = row
  const vhost = findVhost(topology, vhostName)
  const source = vhost.exchanges.get(text(sourceName))
  const destinations = isQueue === true ? vhost.queues : vhost.exchanges
  const destination = destinations.get(text(destinationName))
  assert(source !== undefined && destination !== undefined, 'the ends of a binding stand before it')
  const bindingArguments = readArguments(tail)
  topology.addBinding(source, destination, number(id), text(bindingKey), bindingArguments)
}

export function readTopologyRow(topology: Topology, row: unknown): void {
  assert(Array.isArray(row), 'a row of the topology is a list')
  const [kind, first, second, third, fourth, fifth, sixth, ...rest]: readonly unknown[] = row
  const [seventh, eighth] = rest
  if (kind === 0) topology.addVhost(text(first))
  else if (kind === 1) {
    topology.addExchange(findVhost(topology, first), text(second), readExchangeKind(text(third)), {
      autoDelete: fourth === true,
      internal: fifth === true,
      alternateExchange: sixth === null ? null : text(sixth),
      durable: seventh === true
    })
  } else if (kind === 2) {
    const vhost = findVhost(topology, first)
    const owner = readOwner(eighth)
    const place = { id: number(third), group: number(fourth), owner }
    const flags = { durable: fifth === true, exclusive: owner !== null, autoDelete: sixth === true }
    const shared = sharedOptions({ ...flags, arguments: readArguments(seventh) })
    topology.addQueue(vhost, text(second), place, shared)
  } else {
    assert(kind === 3, 'a row of the topology is of a known kind')
    readBinding(topology, row)
  }
}
