// What the metadata machine holds beside the topology, as rows of a snapshot. All of it is small or
// passing, and is written anew with each snapshot.
//   row := ['facts', cluster id | nil, version, time, revision, next node]      the first one
//        | ['node', node] | ['operation', operation]
//        | ['placement', [replica…]]                                            in order of group
//        | ['outbox', group, cursor, change]                                    in order of cursor
//        | users and rights: access/access-rows.ts
import { assert } from '@holdfast/errors'
import { accessRows, readAccessRow } from './access/access-rows.ts'
import type { Node } from './membership-state.ts'
import type { OutboxChange } from './metadata-command.ts'
import type { MetadataState } from './metadata-state.ts'
import type { Operation } from './operations-state.ts'

type StateRow = readonly [string, ...(readonly unknown[])]

export function stateRows(state: MetadataState): readonly StateRow[] {
  const { facts, membership, operations, outbox, placement, timeMs, topology } = state
  const { clusterId, version } = facts
  const rows: StateRow[] = [
    ['facts', clusterId, version, timeMs, topology.revision, membership.nextNode]
  ]
  for (const node of membership.nodes) rows.push(['node', node])
  for (const { replicas } of placement.placements) rows.push(['placement', replicas])
  for (const operation of operations.operations) rows.push(['operation', operation])
  for (const group of outbox.groups) {
    for (const { cursor, change } of outbox.entries(group)) {
      rows.push(['outbox', group, cursor, change])
    }
  }
  rows.push(...accessRows(state.access))
  return rows
}

function number(value: unknown): number {
  assert(typeof value === 'number', 'a row of the metadata state has its numbers')
  return value
}

/** A map that is told from others by the number in its field `key`, where it has one. */
function map<Row extends object>(value: unknown, key?: keyof Row): Row {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  assert(isMap, 'a row of the metadata state has its maps')
  const row = value as Row
  if (key !== undefined) number(row[key])
  return row
}

function restoreFacts(state: MetadataState, row: readonly unknown[]): void {
  const [, clusterId, version, timeMs, revision, nextNode] = row
  assert(clusterId === null || typeof clusterId === 'string', 'a cluster id is a text')
  state.facts.clusterId = clusterId
  state.facts.version = number(version)
  state.timeMs = number(timeMs)
  state.topology.revision = number(revision)
  state.membership.restoreNextNode(number(nextNode))
}

export function readStateRow(state: MetadataState, row: unknown): void {
  assert(Array.isArray(row), 'a row of the metadata state is a list')
  const [kind, first, second, third]: readonly unknown[] = row
  if (kind === 'facts') restoreFacts(state, row)
  else if (kind === 'node') state.membership.restoreNode(map<Node>(first, 'node'))
  else if (kind === 'operation') state.operations.restore(map<Operation>(first, 'id'))
  else if (kind === 'placement') {
    assert(Array.isArray(first), 'a placement is a list of replicas')
    state.placement.add([first.map(number)])
  } else if (!readAccessRow(state.access, row)) {
    assert(kind === 'outbox', 'a row of the metadata state is of a known kind')
    state.outbox.add(number(first), number(second), map<OutboxChange>(third))
  }
}
