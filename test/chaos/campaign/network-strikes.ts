// Strikes at the network between nodes that all run: partitions that everybody notices, silent
// ones, one-way ones, and links that are bad without being broken.
import { setTimeout as delay } from 'node:timers/promises'
import { type ClusterNode, type ClusterProcess, eventually } from '@holdfast/testkit'
import { LoadProcess } from '../child.ts'
import { type LinkBehaviour, type LinkCounts, linkFaults } from '../network/link-behaviour.ts'
import type { LinkProxyOptions } from '../network/link-proxy.ts'
import type { Direction, Namespaces } from '../network/namespaces.ts'
import { queuePrefix } from './process-strikes.ts'
import { recover, type Stage } from './stage.ts'

const partitionMs = { min: 500, max: 8_000 }

function networkOf({ network }: Stage): Namespaces {
  if (network === null) throw new Error('this strike needs namespaces')
  return network
}

/** A leader most of the time, since that hurts most. */
async function victimOf({ cluster, faults, random }: Stage): Promise<ClusterNode> {
  if (random.chance(0.3)) return random.pick(cluster.nodes)
  return cluster.node(await faults.leaderOf(await faults.pickGroup(queuePrefix)))
}

/** The link of a node goes down: connections break, and clients lose it as well. */
export async function unplug(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const network = networkOf(stage)
  const victim = await victimOf(stage)
  const ms = random.integer(partitionMs.min, partitionMs.max)
  faults.note('partition-full', victim.id)
  network.unplug(cluster.placeOf(victim))
  await delay(ms)
  network.plug(cluster.placeOf(victim))
  faults.note('reconnected', victim.id)
  await recover(stage)
  return `node ${victim.id}, from everybody, for ${ms} ms`
}

/** Packets between a node and the others vanish, and nobody is told. Clients still reach it. */
export async function isolate(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const victim = await victimOf(stage)
  const ms = random.integer(partitionMs.min, partitionMs.max)
  const others = cluster.nodes.filter(({ id }) => id !== victim.id)
  const isFromClients = random.chance(0.3)
  faults.note('partition-silent', victim.id)
  await withoutPackets(stage, victim, others, { isFromClients }, ms)
  await recover(stage)
  const whom = isFromClients ? 'everybody' : 'the other nodes'
  return `node ${victim.id} from ${whom}, silently, for ${ms} ms`
}

/** What a node sends arrives and what it is sent does not, or the other way round. */
export async function isolateOneWay(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const victim = await victimOf(stage)
  const others = cluster.nodes.filter(({ id }) => id !== victim.id)
  // One link, or all links of the node, in one direction.
  const far = random.chance(0.5) ? others : [random.pick(others)]
  const isDeaf = random.chance(0.5)
  const ms = random.integer(partitionMs.min, partitionMs.max)
  faults.note('partition-one-way', victim.id)
  const network = networkOf(stage)
  const here = network.node(cluster.placeOf(victim))
  const theirs = far.map((node) => network.node(cluster.placeOf(node)))
  const pairs = theirs.map((there): Direction => (isDeaf ? [there, here] : [here, there]))
  for (const [from, to] of pairs) network.drop(from, to)
  await delay(ms)
  for (const [from, to] of pairs) network.pass(from, to)
  faults.note('reconnected', victim.id)
  await recover(stage)
  const names = far.map(({ id }) => id).join(' and ')
  const how = isDeaf ? 'hears nothing from' : 'is not heard by'
  return `node ${victim.id} ${how} ${names} for ${ms} ms`
}

async function withoutPackets(
  stage: Stage,
  victim: ClusterNode,
  others: readonly ClusterNode[],
  { isFromClients }: { readonly isFromClients: boolean },
  ms: number
): Promise<void> {
  const network = networkOf(stage)
  const { cluster } = stage
  const here = network.node(cluster.placeOf(victim))
  const stations = others.map((node) => network.node(cluster.placeOf(node)))
  if (isFromClients) stations.push(network.clients)
  for (const station of stations) {
    network.drop(here, station)
    network.drop(station, here)
  }
  await delay(ms)
  for (const station of stations) {
    network.pass(here, station)
    network.pass(station, here)
  }
  stage.faults.note('reconnected', victim.id)
}

/** A leader that everybody loses at once and silently: the worst case of a failover. */
export async function blackHoleLeader(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const group = await faults.pickGroup(queuePrefix)
  const leader = cluster.node(await faults.leaderOf(group))
  const others = cluster.nodes.filter(({ id }) => id !== leader.id)
  const ms = random.integer(5_000, 8_000)
  faults.note('silent-leader', leader.id, group)
  const isFromClients = random.chance(0.5)
  await withoutPackets(stage, leader, others, { isFromClients }, ms)
  await recover(stage)
  return `node ${leader.id}, leader of group ${group}, for ${ms} ms`
}

/** One directed link between two nodes passes through a proxy for a while. */
export async function spoilLink(stage: Stage): Promise<string> {
  const { cluster, faults, random } = stage
  const network = networkOf(stage)
  const dialler = await victimOf(stage)
  const target = random.pick(cluster.nodes.filter(({ id }) => id !== dialler.id))
  const behaviour = drawBehaviour(stage)
  const ms = random.integer(2_000, 8_000)
  const link = { network, cluster, dialler, target, behaviour }
  faults.note(`link-${behaviour.kind}`, dialler.id)
  const counts = await throughProxy(link, () => delay(ms))
  faults.note('reconnected', dialler.id)
  if (counts.connections === 0) throw new Error('nothing passed through the proxy')
  await recover(stage)
  const where = `${behaviour.kind} from node ${dialler.id} to node ${target.id} for ${ms} ms`
  const did = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  return `${where}: ${did.join(', ')}`
}

function drawBehaviour({ random }: Stage): LinkBehaviour {
  const kind = random.pick(linkFaults)
  switch (kind) {
    case 'delay':
      return { kind, delayMs: random.integer(5, 400) }
    case 'slow':
      return { kind, bytesPerSecond: random.integer(20_000, 2_000_000) }
    case 'reset':
      return { kind, afterMs: random.integer(20, 1_500) }
    case 'half-open':
      return { kind, afterMs: random.integer(0, 2_000) }
    case 'corrupt':
      return { kind, everyBytes: random.integer(1_000, 200_000) }
    case 'replay':
      return { kind, bytesMax: random.integer(100, 20_000) }
  }
}

interface Link {
  readonly network: Namespaces
  readonly cluster: ClusterProcess
  readonly dialler: ClusterNode
  readonly target: ClusterNode
  readonly behaviour: LinkBehaviour
}

/** Puts a proxy into a link and takes it out again; both break the connections of the link. */
async function throughProxy(link: Link, meanwhile: () => Promise<void>): Promise<LinkCounts> {
  const { network, cluster, dialler, target, behaviour } = link
  const station = network.node(cluster.placeOf(dialler))
  const [host = '', peerPort] = target.peer.split(':')
  const port = Number(peerPort)
  const source = station.proxyHost
  const options: LinkProxyOptions = {
    listen: { host, port },
    target: { host, port },
    source,
    behaviour
  }
  const program = './network/link-proxy-main.js'
  const launcher = network.launcher(station)
  const name = `proxy from node ${dialler.id} to node ${target.id}`
  const proxy = new LoadProcess(name, program, options, launcher)
  const isListening = (): boolean => proxy.latest['isListening'] === true
  const giveUp = (): string | null => (proxy.hasEnded ? proxy.said : null)
  await eventually(`${name} listening`, isListening, { giveUp })
  network.divert(station, host, port)
  try {
    await meanwhile()
  } finally {
    network.undivert(station, host, port)
    proxy.order('stop')
    await eventually(`end of the ${name}`, () => proxy.hasEnded)
  }
  const count = (field: keyof LinkCounts): number => proxy.number(field)
  return {
    connections: count('connections'),
    bytes: count('bytes'),
    flippedBits: count('flippedBits'),
    resets: count('resets'),
    replays: count('replays')
  }
}
