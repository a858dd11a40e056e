// `holdfast node list|add|remove`. Adding and removing are operations of the cluster: the command
// watches one until it is done, and asks another node when the one it asked is gone.
import type { ClusterStatus, OperationStatus } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { OperationFailed } from '../failure.ts'
import type { Terminal } from '../terminal.ts'
import { adminClient, type NodeFlags } from '../tls.ts'
import { describeNodes } from './status.ts'

export interface NodeOptions extends NodeFlags {
  readonly json?: boolean
  /** False: return once the operation is started. */
  readonly wait?: boolean
}

const watchIntervalMs = 300
/** The cluster may be electing; an operation that nobody knows for this long is given up. */
const silentMaxMs = 60_000

type Nodes = Pick<ClusterStatus, 'nodes'>

async function listNodes(options: NodeOptions): Promise<ClusterStatus['nodes']> {
  return ((await adminClient(options).call('GET', '/v1/cluster')) as Nodes).nodes
}

export async function nodeList(options: NodeOptions, terminal: Terminal): Promise<void> {
  const nodes = await listNodes(options)
  if (options.json === true) terminal.print(JSON.stringify(nodes))
  else for (const line of describeNodes(nodes)) terminal.print(line)
}

export async function nodeAdd(
  peer: string,
  options: NodeOptions,
  terminal: Terminal
): Promise<void> {
  await operate('POST', '/v1/nodes', { peer }, options, terminal)
}

export async function nodeRemove(
  id: string,
  options: NodeOptions,
  terminal: Terminal
): Promise<void> {
  const path = `/v1/nodes/${encodeURIComponent(id)}`
  await operate('DELETE', path, undefined, options, terminal)
}

async function operate(
  method: 'POST' | 'DELETE',
  path: string,
  body: object | undefined,
  options: NodeOptions,
  terminal: Terminal
): Promise<void> {
  // Asked first, so that the operation can still be watched when the node that was asked is
  // removed.
  const others = (await listNodes(options)).map(({ http }) => http)
  const answer = (await adminClient(options).call(method, path, body)) as {
    readonly operation: OperationStatus
  }
  tell(answer.operation, options, terminal)
  if (options.wait === false) {
    if (options.json !== true) terminal.print(`operation ${answer.operation.id} runs on`)
    return
  }
  const addresses = [...new Set([adminClient(options).address, ...others])]
  const ended = await watch(answer.operation, addresses, options, terminal)
  if (ended.state !== 'failed') return
  const { code, message } = ended.error ?? { code: 'INTERNAL', message: 'it does not say why' }
  throw new OperationFailed(code, message)
}

async function watch(
  started: OperationStatus,
  addresses: readonly string[],
  options: NodeOptions,
  terminal: Terminal
): Promise<OperationStatus> {
  let last = started
  let silentMs = 0
  while (last.state === 'running') {
    await terminal.pause(watchIntervalMs)
    const found = await findOperation(started.id, addresses, options)
    if (found === null) {
      silentMs += watchIntervalMs
      if (silentMs < silentMaxMs) continue
      const reason = `no node tells how operation ${started.id} stands; it may still be done`
      throw new HoldfastError('UNAVAILABLE', { reason })
    }
    silentMs = 0
    if (isNews(last, found)) tell(found, options, terminal)
    last = found
  }
  return last
}

/** Null if no node can tell at present: the metadata group may be electing. */
async function findOperation(
  id: string,
  addresses: readonly string[],
  options: NodeOptions
): Promise<OperationStatus | null> {
  for (const address of addresses) {
    try {
      const path = `/v1/operations/${encodeURIComponent(id)}`
      return (await adminClient(options, address, 5000).call('GET', path)) as OperationStatus
    } catch {
      // The next node is asked.
    }
  }
  return null
}

function isNews(before: OperationStatus, now: OperationStatus): boolean {
  const { state, progress } = before
  return (
    state !== now.state ||
    progress.done !== now.progress.done ||
    progress.sentence !== now.progress.sentence
  )
}

function tell(operation: OperationStatus, options: NodeOptions, terminal: Terminal): void {
  if (options.json === true) {
    terminal.print(JSON.stringify(operation))
    return
  }
  const { done, total, sentence } = operation.progress
  const state = operation.state === 'running' ? `${done}/${total}` : operation.state
  terminal.print(`${terminal.timeOfDay()}  ${state}  ${sentence}`)
}
