// Long operations of operators (adding and removing nodes) as replicated state: whichever node
// leads the metadata group resumes what it finds running. Those that have ended are remembered for
// a while, so that whoever asked can see how it went.
import { HoldfastError } from '@holdfast/errors'
import type { MetadataLimits } from './limits.ts'
import type { OperationError, OperationKind } from './metadata-command.ts'

export interface Operation {
  /** Cursor of the command that started it; grows. */
  readonly id: number
  readonly kind: OperationKind
  /** Peer address that was asked for; null for a removal. */
  readonly peer: string | null
  /** Null until it is known, for an addition. */
  readonly node: number | null
  readonly state: 'running' | 'succeeded' | 'failed'
  /** Where the one that carries it out stands: its own word, empty at the start. */
  readonly step: string
  /** Steps done and in all, and a sentence for people. */
  readonly done: number
  readonly total: number
  readonly sentence: string
  readonly error: OperationError | null
  /** Log time. `endedMs` is null while it runs. */
  readonly startedMs: number
  readonly endedMs: number | null
}

export interface OperationProgress {
  readonly id: number
  readonly node: number | null
  readonly step: string
  readonly done: number
  readonly total: number
  readonly sentence: string
}

export class OperationsState {
  /** In order of id. */
  readonly #operations: Map<number, Operation> = new Map()
  readonly #limits: MetadataLimits

  constructor(limits: MetadataLimits) {
    this.#limits = limits
  }

  /** All that are remembered, oldest first. */
  get operations(): readonly Operation[] {
    return [...this.#operations.values()]
  }

  get running(): readonly Operation[] {
    return this.operations.filter(({ state }) => state === 'running')
  }

  get(id: number): Operation | null {
    return this.#operations.get(id) ?? null
  }

  /** Returns the id; one that runs already for the same target is not started twice. */
  start(
    id: number,
    kind: OperationKind,
    target: { readonly peer: string | null; readonly node: number | null },
    timeMs: number
  ): number {
    const { peer, node } = target
    const { running } = this
    const same = running.find(
      (operation) =>
        operation.kind === kind &&
        (kind === 'add-node' ? operation.peer === peer : operation.node === node)
    )
    if (same !== undefined) return same.id
    const limit = this.#limits.operationsRunningMax
    if (running.length >= limit) {
      throw new HoldfastError('LIMIT_REACHED', { limit, kind: 'running operations' })
    }
    const progress = { step: '', done: 0, total: 0, sentence: '' }
    const times = { startedMs: timeMs, endedMs: null }
    const state = 'running'
    this.#operations.set(id, { id, kind, peer, node, state, ...progress, error: null, ...times })
    return id
  }

  /** @throws OPERATION_NOT_FOUND, REQUEST_INVALID when it has ended */
  advance(progress: OperationProgress): void {
    const operation = this.#find(progress.id)
    if (operation.state !== 'running') {
      throw new HoldfastError('REQUEST_INVALID', { reason: `operation ${operation.id} has ended` })
    }
    const node = progress.node ?? operation.node
    this.#operations.set(operation.id, { ...operation, ...progress, node })
  }

  /** Ending twice changes nothing. False then. @throws OPERATION_NOT_FOUND */
  end(id: number, error: OperationError | null, timeMs: number): boolean {
    const operation = this.#find(id)
    if (operation.state !== 'running') return false
    const ended = { ...operation, error, endedMs: timeMs }
    if (error === null) this.#operations.set(id, { ...ended, ...success(operation) })
    else this.#operations.set(id, { ...ended, state: 'failed' })
    this.#dropOldest()
    return true
  }

  /** @internal For the snapshot. */
  restore(operation: Operation): void {
    this.#operations.set(operation.id, operation)
  }

  #find(id: number): Operation {
    const operation = this.#operations.get(id)
    if (operation === undefined) {
      throw new HoldfastError('OPERATION_NOT_FOUND', { operation: String(id) })
    }
    return operation
  }

  #dropOldest(): void {
    const ended = this.operations.filter(({ state }) => state !== 'running')
    const surplus = ended.length - this.#limits.operationsEndedMax
    for (const { id } of ended.slice(0, Math.max(0, surplus))) this.#operations.delete(id)
  }
}

/** What has succeeded is done in full, whatever was reported last. */
function success({ kind, node, total }: Operation): Partial<Operation> {
  const sentence = kind === 'add-node' ? `node ${node} is a member` : `node ${node} is removed`
  return { state: 'succeeded', done: total, sentence }
}
