// A metadata machine with a cluster of one node and four shards, and short ways to drive it.
import {
  encodeMetadataBatch,
  type MetadataCommand,
  MetadataMachine,
  type MetadataReply,
  type MetadataResult,
  type QueueOwner,
  RouteTargets
} from '../src/index.ts'
import type { MetadataLimits } from '../src/limits.ts'

export const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }

export const initialise: MetadataCommand = {
  type: 'initialise',
  clusterId: '0123456789abcdef0123456789abcdef',
  storeId: 'store-1',
  addresses,
  shards: 4
}

/** One entry with these commands, right behind the last one. */
export function applyAll(
  machine: MetadataMachine,
  commands: readonly MetadataCommand[],
  timeMs = 0
): readonly MetadataResult[] {
  const meta = { index: machine.appliedIndex + 1, term: 1 }
  return machine.apply(meta, encodeMetadataBatch({ version: 1, timeMs, commands })).results
}

/** The reply, or the code of the refusal. */
export function give(machine: MetadataMachine, command: MetadataCommand): MetadataReply | string {
  const [result] = applyAll(machine, [command])
  if (result === undefined) throw new Error('a command has a result')
  return 'error' in result ? result.error.code : result.reply
}

export function createMachine(limits?: MetadataLimits): MetadataMachine {
  const machine = new MetadataMachine(limits)
  give(machine, initialise)
  return machine
}

export function queue(name: string, vhost = '/', group = 1): MetadataCommand {
  return { type: 'declare-queue', vhost, name, options: {}, group }
}

export function exclusive(
  name: string,
  owner: QueueOwner,
  options: Record<string, unknown> = {}
): MetadataCommand {
  const all = { ...options, exclusive: true }
  return { type: 'declare-queue', vhost: '/', name, options: all, group: 1, owner }
}

export function exchange(
  name: string,
  kind = 'direct',
  options: Record<string, unknown> = {}
): MetadataCommand {
  return { type: 'declare-exchange', vhost: '/', name, kind, options }
}

export function bindQueue(
  source: string,
  name: string,
  bindingKey: string,
  bindingArguments: Extract<MetadataCommand, { type: 'bind' }>['arguments'] = {}
): Extract<MetadataCommand, { type: 'bind' }> {
  const destination = { type: 'queue', name } as const
  return { type: 'bind', vhost: '/', source, destination, bindingKey, arguments: bindingArguments }
}

export function bindExchange(
  source: string,
  name: string,
  bindingKey: string
): Extract<MetadataCommand, { type: 'bind' }> {
  const destination = { type: 'exchange', name } as const
  return { type: 'bind', vhost: '/', source, destination, bindingKey, arguments: {} }
}

export function unbind(
  command: Extract<MetadataCommand, { type: 'bind' }>
): Extract<MetadataCommand, { type: 'unbind' }> {
  return { ...command, type: 'unbind' }
}

/** Seeded generator (mulberry32): the same numbers in [0, 1) for the same seed. */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), state | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

export function pick<Item>(random: () => number, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)]
  if (item === undefined) throw new Error('there is something to pick from')
  return item
}

export type HeaderSource = Parameters<MetadataMachine['topology']['route']>[3]

/** Names of the queues reached, or what stood in the way. */
export function route(
  machine: MetadataMachine,
  name: string,
  routingKey: string,
  headers: HeaderSource = () => null
): readonly string[] | string {
  const out = new RouteTargets()
  const result = machine.topology.route('/', name, routingKey, headers, out)
  return result === 'routed' ? out.toArray().map((target) => target.name) : result
}
