// The commands about the cluster itself: its birth, nodes, shards, placement, operations, versions.
// As in topology-changes.ts, all that can be refused is checked before anything changes, and what a
// leader may send again after a lost answer is answered again rather than done twice.
import { assert, HoldfastError, unreachable } from '@holdfast/errors'
import { allRights } from './access/access-changes.ts'
import { checkUser } from './access/access-check.ts'
import type { PasswordHash } from './access/access-command.ts'
import type { AccessState, UserIdentity } from './access/access-state.ts'
import { guest } from './access/password-hash.ts'
import type { MetadataLimits } from './limits.ts'
import { type MembershipState, type Node, replicaId } from './membership-state.ts'
import type { ClusterCommand, MetadataEffect, MetadataReply } from './metadata-command.ts'
import type { OperationsState } from './operations-state.ts'
import type { Outbox } from './outbox.ts'
import type { PlacementState } from './placement-state.ts'
import type { Topology } from './topology.ts'
import { machineVersionSupported } from './version.ts'

type Command<Type extends ClusterCommand['type']> = Extract<ClusterCommand, { type: Type }>

/** Facts about the cluster that fit nowhere else. */
export interface ClusterFacts {
  /** 32 hex digits; null until `initialise`. */
  clusterId: string | null
  /** Active machine version. */
  version: number
}

export interface ClusterContext {
  readonly facts: ClusterFacts
  readonly topology: Topology
  readonly access: AccessState
  readonly membership: MembershipState
  readonly placement: PlacementState
  readonly operations: OperationsState
  readonly outbox: Outbox
  readonly limits: MetadataLimits
  /** Entry index × 4096 + position of the command. */
  readonly cursor: number
  /** Log time. */
  readonly timeMs: number
  effect(effect: MetadataEffect): void
}

const done: MetadataReply = { type: 'done' }

/** The vhost that every cluster is born with. */
export const defaultVhost = '/'

function nodeReply({ node, incarnation }: Node): MetadataReply {
  return { type: 'node', node, incarnation, replica: replicaId(node, incarnation) }
}

function initialise(context: ClusterContext, command: Command<'initialise'>): MetadataReply {
  const { facts, limits, membership, placement, topology } = context
  const { clusterId, storeId, addresses, shards } = command
  if (facts.clusterId !== null) {
    const first = membership.node(1)
    if (facts.clusterId === clusterId && first?.storeId === storeId) return nodeReply(first)
    const reason = `the cluster exists already, with id ${facts.clusterId}`
    throw new HoldfastError('BOOTSTRAP_REFUSED', { reason })
  }
  if (clusterId === '' || shards < 1 || shards > limits.shardsMax) {
    const reason = `a cluster has an id and from 1 to ${limits.shardsMax} shards`
    throw new HoldfastError('REQUEST_INVALID', { reason })
  }
  const { user, password } = command.owner ?? guest
  checkUser({ type: 'put-user', user, password, tags: [] })
  facts.clusterId = clusterId
  const node = membership.add(storeId, addresses, 'up')
  const replicas = [replicaId(node.node, node.incarnation)]
  placement.add(new Array(shards + 1).fill(replicas))
  topology.addVhost(defaultVhost)
  addAdministrator(context.access, { name: user, id: context.cursor }, password)
  context.effect({ type: 'nodes-changed' })
  for (let group = 0; group <= shards; group++) context.effect({ type: 'placement-changed', group })
  return nodeReply(node)
}

function addAdministrator(
  access: AccessState,
  identity: UserIdentity,
  password: PasswordHash
): void {
  access.putUser(identity, password, ['administrator'])
  const user = access.sameUser(identity)
  if (user !== null) access.setPermission(user, defaultVhost, allRights)
}

function addNode(context: ClusterContext, command: Command<'add-node'>): MetadataReply {
  const { membership } = context
  const node = membership.add(command.storeId, command.addresses, 'joining')
  context.effect({ type: 'nodes-changed' })
  return nodeReply(node)
}

function adopt(context: ClusterContext, command: Command<'adopt-incarnation'>): MetadataReply {
  const node = context.membership.adopt(command.node, command.storeId, command.addresses)
  context.effect({ type: 'nodes-changed' })
  return nodeReply(node)
}

function forgetNode(context: ClusterContext, command: Command<'forget-node'>): MetadataReply {
  const { membership, placement } = context
  const group = placement.groupOnNode(command.node)
  if (group !== null) {
    const reason = `group ${group} is still placed on node ${command.node}`
    throw new HoldfastError('UNAVAILABLE', { reason })
  }
  return changed(context, membership.forget(command.node))
}

function changed(context: ClusterContext, isChanged: boolean): MetadataReply {
  if (isChanged) context.effect({ type: 'nodes-changed' })
  return done
}

function addShards(context: ClusterContext, command: Command<'add-shards'>): MetadataReply {
  const { placement, membership } = context
  if (command.placements.length === 0) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'no shard is to be added' })
  }
  for (const replicas of command.placements) placement.check(replicas, membership)
  const [first, last] = placement.add(command.placements)
  for (let group = first; group <= last; group++) {
    context.effect({ type: 'placement-changed', group })
  }
  return { type: 'shards', first, last }
}

function placeGroup(context: ClusterContext, command: Command<'place-group'>): MetadataReply {
  const { placement, membership } = context
  const { group, replicas } = command
  if (placement.get(group) === null) throw new HoldfastError('GROUP_NOT_FOUND', { group })
  placement.check(replicas, membership)
  if (placement.place(group, replicas)) context.effect({ type: 'placement-changed', group })
  return done
}

/** Removals that run side by side must not take all nodes between them. @throws LAST_NODE */
function checkOthersStay({ membership, operations }: ClusterContext, node: number): void {
  const going = operations.running.filter(({ kind }) => kind === 'remove-node')
  const stays = ({ node: other, state }: Node): boolean =>
    other !== node && state !== 'leaving' && !going.some((removal) => removal.node === other)
  if (!membership.nodes.some(stays)) throw new HoldfastError('LAST_NODE', { node })
}

function startOperation(
  context: ClusterContext,
  command: Command<'start-operation'>
): MetadataReply {
  const { membership, operations, cursor, timeMs } = context
  const { kind, peer, node } = command
  if (kind === 'add-node' && peer === null) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'an addition names a peer address' })
  }
  if (kind === 'remove-node') {
    if (node === null) {
      throw new HoldfastError('REQUEST_INVALID', { reason: 'a removal names a node' })
    }
    membership.find(node)
    checkOthersStay(context, node)
  }
  const id = operations.start(cursor, kind, { peer, node }, timeMs)
  context.effect({ type: 'operation-changed', id })
  return { type: 'operation', id }
}

function advance(context: ClusterContext, command: Command<'advance-operation'>): MetadataReply {
  const { id, node, step, done: stepsDone, total, sentence } = command
  context.operations.advance({ id, node, step, done: stepsDone, total, sentence })
  context.effect({ type: 'operation-changed', id })
  return { type: 'operation', id }
}

function endOperation(context: ClusterContext, command: Command<'end-operation'>): MetadataReply {
  const { id, error } = command
  if (context.operations.end(id, error, context.timeMs)) {
    context.effect({ type: 'operation-changed', id })
  }
  return { type: 'operation', id }
}

function acknowledge(
  context: ClusterContext,
  command: Command<'acknowledge-outbox'>
): MetadataReply {
  for (const { group } of command.groups) {
    if (!context.placement.isShard(group)) throw new HoldfastError('GROUP_NOT_FOUND', { group })
  }
  for (const { group, upTo } of command.groups) context.outbox.acknowledge(group, upTo)
  return done
}

function activateVersion(
  context: ClusterContext,
  command: Command<'activate-version'>
): MetadataReply {
  const { version } = command
  if (version <= context.facts.version) return done
  assert(
    version <= machineVersionSupported,
    'a machine version is activated only once every member supports it'
  )
  context.facts.version = version
  context.effect({ type: 'version-activated', version })
  return done
}

/** @throws HoldfastError when the command is refused; nothing has changed then. */
export function changeCluster(context: ClusterContext, command: ClusterCommand): MetadataReply {
  const { membership } = context
  switch (command.type) {
    case 'initialise':
      return initialise(context, command)
    case 'add-node':
      return addNode(context, command)
    case 'adopt-incarnation':
      return adopt(context, command)
    case 'update-node':
      return changed(context, membership.update(command.node, command.addresses))
    case 'set-node-state':
      return changed(context, membership.setState(command.node, command.state))
    case 'forget-node':
      return forgetNode(context, command)
    case 'add-shards':
      return addShards(context, command)
    case 'place-group':
      return placeGroup(context, command)
    case 'start-operation':
      return startOperation(context, command)
    case 'advance-operation':
      return advance(context, command)
    case 'end-operation':
      return endOperation(context, command)
    case 'acknowledge-outbox':
      return acknowledge(context, command)
    case 'activate-version':
      return activateVersion(context, command)
    default:
      return unreachable(command)
  }
}
