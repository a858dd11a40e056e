// What operators do to a cluster at bad moments: move leaders, take nodes in, remove them, and
// replace what is gone for good.
import type { AdminRequest } from '@holdfast/cluster'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import type { FaultKind } from './kinds.ts'
import { type Strike, spread, type Target } from './target.ts'

type ClusterFault =
  | Extract<FaultKind, `node-${string}`>
  | 'transfer'
  | 'changes-at-once'
  | 'host-loss'

/** Hosts that may be in the cluster at once. */
const nodesMax = 7
/** What was refused, or got no answer, is asked again after this. */
const retryMs = 1500

function ask(world: World, request: AdminRequest, draw: number): void {
  const via = world.memberHosts
  const { process } = via[Math.floor(draw * via.length)] ?? {}
  process?.admin(request, (result) => {
    if ('error' in result) world.note(`${request.type} was refused: ${result.error.code}`)
  })
}

function stayingHosts(world: World): Host[] {
  return world.hosts.filter(({ isThere }) => isThere)
}

function add({ world, amount }: Target): boolean {
  if (stayingHosts(world).length >= nodesMax) return false
  const host = world.addHost()
  host.start()
  world.note(`host ${host.number} is to join`)
  ask(world, { type: 'add-node', peer: host.address }, amount)
  return true
}

function remove({ world, atlas, host, amount, duration }: Target): boolean {
  const node = host.process?.identity?.node
  // Below three nodes one copy less is too few; now and then that is what someone wants.
  const members = stayingHosts(world).filter(({ disk }) => disk.identity !== null)
  const isEnough = members.length > (duration < 0.05 && atlas.mayShrink ? 1 : 3)
  if (node === undefined || !isEnough || !atlas.isSound) return false
  world.note(`host ${host.number} is to leave`)
  ask(world, { type: 'remove-node', node }, amount)
  return true
}

/** Removes a node that will not come back, however often that has to be asked, and adds another. */
function replace(world: World, node: number, draw: number): void {
  const host = world.addHost()
  host.start()
  const look = (): void => {
    const nodes = world.memberHosts[0]?.process?.member.status().nodes
    const isGone = nodes?.every(({ id }) => id !== node) ?? false
    if (!isGone) ask(world, { type: 'remove-node', node }, draw)
    else if (host.process !== null && host.process.identity === null) {
      ask(world, { type: 'add-node', peer: host.address }, draw)
    }
    if (!isGone || host.disk.identity === null) world.schedule.after(retryMs, look)
  }
  world.schedule.after(retryMs, look)
}

export const clusterFaults: Readonly<Record<ClusterFault, Strike>> = {
  transfer: ({ world, host, duration, amount }) => {
    const status = host.process?.member.status()
    const group = status?.groups[Math.floor(amount * status.groups.length)]
    const to = status?.nodes[spread(duration, 0, status.nodes.length - 1)]?.id
    if (group === undefined || to === undefined) return false
    world.note(`group ${group.id} is to be led by node ${to}`)
    host.process?.admin({ type: 'transfer', group: group.id, to }, () => undefined)
    return true
  },
  'node-add': (target) => target.world.isSettled && add(target),
  'node-remove': (target) => target.world.isSettled && remove(target),
  'changes-at-once': (target) => {
    const isAdded = add(target)
    const isRemoved = remove({ ...target, amount: target.duration })
    return isAdded && isRemoved
  },
  'host-loss': ({ world, atlas, host, amount }) => {
    const node = host.disk.identity?.node
    if (node === undefined || stayingHosts(world).length < 3 || !atlas.impair(host)) return false
    host.lose()
    replace(world, node, amount)
    return true
  }
}
