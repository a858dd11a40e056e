// What `holdfast dev` prints: lines of JSON for programs, a table and sentences for people.
import type { ClusterView } from './formation.ts'
import type { NodeLayout } from './layout.ts'

export interface ReportedNode {
  readonly id: number | null
  readonly pid: number | null
  readonly layout: NodeLayout
  readonly command: readonly string[]
}

export interface Report {
  started(nodes: readonly ReportedNode[], directory: string): void
  waiting(what: string): void
  ready(nodes: readonly ReportedNode[], token: string): void
  event(event: 'exited' | 'started', node: ReportedNode, how: string): void
  cluster(view: ClusterView | null): void
  stopping(): void
}

export function jsonReport(print: (line: string) => void): Report {
  const nothing = (): void => undefined
  return {
    started: nothing,
    waiting: nothing,
    cluster: nothing,
    stopping: nothing,
    ready: (nodes, token) => {
      const rows = nodes.map(({ id, pid, layout, command }) => {
        const { client, amqp, peer, http, data } = layout
        return { id, pid, client, amqp, peer, http, data, command }
      })
      print(JSON.stringify({ ready: true, token, nodes: rows }))
    },
    event: (event, { id, pid }) => print(JSON.stringify({ event, id, pid }))
  }
}

export function formatTable(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length)
    }
  }
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  )
}

const nameOf = ({ id, layout }: ReportedNode): string =>
  id === null ? `the node at ${layout.peer}` : `node ${id}`

/** `clock` gives the time of day. */
export function peopleReport(print: (line: string) => void, clock: () => string): Report {
  const say = (sentence: string): void => print(`${clock()}  ${sentence}`)
  let lastWaiting = ''
  let before: ClusterView | null = null
  return {
    started: (nodes, directory) => {
      const header = ['client', 'amqp', 'peer', 'http', 'pid', 'log']
      const rows = nodes.map(({ layout, pid }) => [
        layout.client,
        layout.amqp,
        layout.peer,
        `http://${layout.http}`,
        String(pid ?? '-'),
        layout.logFile
      ])
      print(`Holdfast with ${nodes.length} nodes, data in ${directory}`)
      print('')
      for (const line of formatTable([header, ...rows])) print(`  ${line}`)
      print('')
    },
    waiting: (what) => {
      if (what !== lastWaiting) say(`waiting for ${what}`)
      lastWaiting = what
    },
    ready: (nodes) => {
      const client = nodes[0]?.layout.client ?? ''
      say('ready')
      print('')
      print(`  npx holdfast publish --declare orders hello --client ${client}`)
      print(`  npx holdfast consume orders --client ${client}`)
      print(`  npx holdfast status --node ${nodes[0]?.layout.http ?? ''}`)
      print('')
      print('  Ctrl-C stops all nodes; starting again finds the data.')
      print('')
    },
    event: (event, node, how) => {
      say(`${nameOf(node)} ${event === 'exited' ? `ended (${how})` : `started as process ${how}`}`)
    },
    cluster: (view) => {
      for (const sentence of describeChanges(before, view)) say(sentence)
      before = view
    },
    stopping: () => say('stopping all nodes')
  }
}

/** Sentences about what differs between two views of the cluster. */
export function describeChanges(before: ClusterView | null, now: ClusterView | null): string[] {
  if (before === null || now === null) {
    return before !== null && now === null ? ['no node answers'] : []
  }
  const sentences: string[] = []
  const known = new Map(before.nodes.map((node) => [node.id, node]))
  for (const node of now.nodes) {
    const old = known.get(node.id)
    known.delete(node.id)
    if (old === undefined) sentences.push(`node ${node.id} at ${node.peer} is new: ${node.state}`)
    else if (old.state !== node.state) sentences.push(`node ${node.id} is ${node.state}`)
  }
  for (const id of known.keys()) sentences.push(`node ${id} is no longer a member`)
  const leaders = new Map(before.groups.map((group) => [group.id, group.leader]))
  for (const { id, kind, leader } of now.groups) {
    const old = leaders.get(id)
    if (old === undefined || old === leader) continue
    const name = kind === 'metadata' ? 'the metadata group' : `shard ${id}`
    sentences.push(leader === null ? `${name} has no leader` : `node ${leader} leads ${name}`)
  }
  return sentences
}
