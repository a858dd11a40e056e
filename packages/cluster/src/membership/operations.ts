// Long operations of operators (adding and removing nodes): replicated, resumed by any metadata
// leader, and watched by people. Each pass looks at what is true and says so; the work itself is
// the reconciler's.
import type { Operation } from '@holdfast/broker'
import { catalogue, type ErrorCode } from '@holdfast/errors'
import { nodeOf, replicaOf } from '../consensus/replica-id.ts'
import type { Core } from '../core.ts'
import type { ProbeFailure } from '../input.ts'
import type { OperationStatus } from '../status.ts'

export class Operations {
  readonly #core: Core
  /** Operations with a commit or a probe under way. */
  readonly #busy = new Set<number>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Whether there is anything to advance. */
  get isUnderWay(): boolean {
    return this.#core.metadata.machine.operations.running.length > 0
  }

  leadershipChanged(): void {
    this.#busy.clear()
  }

  advance(): void {
    for (const operation of this.#core.metadata.machine.operations.running) {
      if (this.#busy.has(operation.id)) continue
      if (operation.kind === 'add-node') this.#addNode(operation)
      else this.#removeNode(operation)
    }
  }

  #addNode(operation: Operation): void {
    if (operation.node === null) return this.#admit(operation)
    const { machine } = this.#core.metadata
    const node = machine.membership.node(operation.node)
    if (node === null) return this.#end(operation, 'NODE_REMOVED', 'the node was removed meanwhile')
    const replica = replicaOf(node.node, node.incarnation)
    const placements = machine.placement.placements
    const placed = placements.filter(({ replicas }) => replicas.includes(replica))
    const joined = placed.filter(({ group }) => this.#hasVoter(group, replica))
    if (node.state !== 'up') {
      return this.#report(operation, 1, 2 + placed.length, 'the node is learning the metadata')
    }
    const done = joined.length
    if (placed.length === done && this.#core.reconciler.isPlaced)
      return this.#end(operation, null, '')
    const sentence = `node ${operation.node} is a voter of ${done} of ${placed.length} groups`
    this.#report(operation, 2 + done, 2 + placed.length, `${sentence}${this.#absent()}`)
  }

  #hasVoter(group: number, replica: number): boolean {
    const report = this.#core.reports.report(group)
    return report !== null && report.outgoing.length === 0 && report.voters.includes(replica)
  }

  /** Asks the blank node who it is, gives it a place, and offers it. */
  #admit(operation: Operation): void {
    const { membership, metadata } = this.#core
    const address = operation.peer ?? ''
    this.#busy.add(operation.id)
    const free = (): void => {
      this.#busy.delete(operation.id)
    }
    membership.probe(address, null, (hello) => {
      if ('error' in hello) {
        free()
        return this.#end(operation, hello.code ?? 'NODE_UNREACHABLE', hello.error)
      }
      const { storeId, client, peer, http } = hello
      const addresses = { client, peer, http }
      metadata.propose({ type: 'add-node', storeId, addresses }, (answer) => {
        if (answer === null) return free()
        if ('error' in answer) {
          free()
          return this.#end(operation, answer.error.code, answer.error.message)
        }
        if (answer.reply.type !== 'node') return free()
        const { node, incarnation } = answer.reply
        membership.probe(address, membership.offer(node, incarnation), (taken) => {
          free()
          if ('error' in taken) return this.#notTaken(operation, node, taken)
          this.#report({ ...operation, node }, 1, 2, 'the node was adopted')
        })
      })
    })
  }

  /**
   * The place is committed already: the reconciler offers it again, unless that can never help.
   * Then nobody would ever fill it, and it is given up.
   */
  #notTaken(operation: Operation, node: number, { code, error }: ProbeFailure): void {
    if (code === undefined || catalogue[code].retry !== 'never') {
      return this.#report({ ...operation, node }, 1, 2, `the node has a place, but: ${error}`)
    }
    this.#busy.add(operation.id)
    const removal = { type: 'start-operation', kind: 'remove-node', peer: null, node } as const
    this.#core.metadata.propose(removal, () => this.#end(operation, code, error))
  }

  #removeNode(operation: Operation): void {
    const { metadata, reports } = this.#core
    const { machine } = metadata
    const id = operation.node ?? 0
    const node = machine.membership.node(id)
    if (node === null) return this.#end(operation, null, '')
    if (node.state !== 'leaving') {
      return this.#commit(operation, { type: 'set-node-state', node: id, state: 'leaving' })
    }
    const { placements } = machine.placement
    const left = placements.filter(({ group, replicas }) => {
      const isWished = replicas.some((replica) => nodeOf(replica) === id)
      return isWished || reports.names(group, id)
    })
    const total = placements.length + 1
    if (left.length === 0) return this.#commit(operation, { type: 'forget-node', node: id })
    const done = placements.length - left.length
    const sentence = `${left.length} of ${placements.length} groups name node ${id}`
    this.#report(operation, done, total, `${sentence}${this.#absent(id)}`)
  }

  /** What may keep an operation from going on, for people: members that do not answer. */
  #absent(leaving: number = 0): string {
    const { membership, metadata } = this.#core
    const absent = metadata.machine.membership.nodes
      .map(({ node }) => node)
      .filter((node) => node !== leaving && !membership.isUp(node))
    if (absent.length === 0) return ''
    const which = absent.join(', ')
    return absent.length === 1
      ? `; node ${which} does not answer`
      : `; nodes ${which} do not answer`
  }

  #commit(
    operation: Operation,
    command:
      | { readonly type: 'set-node-state'; readonly node: number; readonly state: 'leaving' }
      | { readonly type: 'forget-node'; readonly node: number }
  ): void {
    this.#busy.add(operation.id)
    this.#core.metadata.propose(command, (answer) => {
      this.#busy.delete(operation.id)
      if (answer !== null && 'error' in answer) {
        this.#end(operation, answer.error.code, answer.error.message)
      }
    })
  }

  #report(operation: Operation, done: number, total: number, sentence: string): void {
    const now = this.#core.metadata.machine.operations.get(operation.id)
    const isSame = now?.done === done && now.total === total && now.node === operation.node
    if (isSame && now.sentence === sentence) return
    this.#busy.add(operation.id)
    const { id, node } = operation
    this.#core.metadata.propose(
      { type: 'advance-operation', id, node, step: operation.kind, done, total, sentence },
      () => {
        this.#busy.delete(id)
      }
    )
  }

  #end(operation: Operation, code: ErrorCode | string | null, message: string): void {
    const { id } = operation
    this.#busy.add(id)
    const error = code === null ? null : { code, message }
    this.#core.metadata.propose({ type: 'end-operation', id, error }, () => {
      this.#busy.delete(id)
    })
  }
}

/** An operation as operators see it. */
export function operationStatus(operation: Operation): OperationStatus {
  const { id, kind, node, state, done, total, sentence, error } = operation
  const progress = { done, total, sentence }
  return { id: String(id), kind, node, state, progress, error }
}
