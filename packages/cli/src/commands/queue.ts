// `holdfast queue list|inspect|purge|delete`.
import type { QueueStatus } from '@holdfast/cluster'
import { formatTable } from '@holdfast/server/terminal'
import { printable } from '../printable.ts'
import type { Terminal } from '../terminal.ts'
import { adminClient, type NodeFlags } from '../tls.ts'

export interface QueueOptions extends NodeFlags {
  readonly vhost: string
  readonly json?: boolean
}

const pageSize = 500

const pathOf = (vhost: string, name: string): string =>
  `/v1/queues/${encodeURIComponent(vhost)}/${encodeURIComponent(name)}`

const orUnknown = (value: number | null): string => (value === null ? '?' : String(value))

export async function queueList(
  options: Omit<QueueOptions, 'vhost'>,
  terminal: Terminal
): Promise<void> {
  const client = adminClient(options)
  const rows: string[][] = []
  let cursor: string | null = null
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const page = (await client.call('GET', `/v1/queues?limit=${pageSize}${from}`)) as {
      readonly queues: readonly QueueStatus[]
      readonly cursor: string | null
    }
    for (const queue of page.queues) {
      if (options.json === true) terminal.print(JSON.stringify(queue))
      else rows.push(rowOf(queue))
    }
    cursor = page.cursor
  } while (cursor !== null)
  if (options.json === true) return
  if (rows.length === 0) terminal.print('There are no queues.')
  else for (const line of formatTable([header, ...rows])) terminal.print(line)
}

const counts = ['ready', 'unsettled', 'consumers', 'bytes', 'dead letters']
const header = ['vhost', 'queue', 'group', 'leader', ...counts]

function rowOf(queue: QueueStatus): string[] {
  const { vhost, name, group, leader, ready, unsettled, consumers, bytes } = queue
  const numbers = [ready, unsettled, consumers, bytes, queue.deadLetters].map(orUnknown)
  return [printable(vhost), printable(name), String(group), orUnknown(leader), ...numbers]
}

export async function queueInspect(
  name: string,
  options: QueueOptions,
  terminal: Terminal
): Promise<void> {
  const path = pathOf(options.vhost, name)
  const queue = (await adminClient(options).call('GET', path)) as QueueStatus
  if (options.json === true) {
    terminal.print(JSON.stringify(queue))
    return
  }
  const cells = rowOf(queue)
  for (const line of formatTable(header.map((title, column) => [title, cells[column] ?? '']))) {
    terminal.print(line)
  }
}

export async function queuePurge(
  name: string,
  options: QueueOptions,
  terminal: Terminal
): Promise<void> {
  const path = `${pathOf(options.vhost, name)}/purge`
  const purged = (await adminClient(options).call('POST', path)) as { messages: number }
  if (options.json === true) terminal.print(JSON.stringify(purged))
  else terminal.print(`${purged.messages} messages were purged from ${printable(name)}.`)
}

export async function queueDelete(
  name: string,
  options: QueueOptions,
  terminal: Terminal
): Promise<void> {
  await adminClient(options).call('DELETE', pathOf(options.vhost, name))
  if (options.json === true) terminal.print(JSON.stringify({ deleted: name }))
  else terminal.print(`Queue ${printable(name)} was deleted.`)
}
