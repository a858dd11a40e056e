// A node for the tests of the HTTP API: an in-memory model of queues, vhosts, nodes and operations
// that answers as a member would, and whose answers a test can replace.
import {
  type AdminPort,
  type AdminReply,
  type AdminRequest,
  type ClusterStatus,
  type Gone,
  guest,
  type MemberCounters,
  type OperationStatus,
  type PasswordHash,
  type QueueStatus
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { FakeAccess } from './fake-access.ts'

const node = (id: number): ClusterStatus['nodes'][number] => ({
  id,
  incarnation: 1,
  state: 'up',
  client: `127.0.0.1:${7662 + 10 * id}`,
  peer: `127.0.0.1:${7663 + 10 * id}`,
  http: `127.0.0.1:${7670 + 10 * id}`
})

const group = (id: number): ClusterStatus['groups'][number] => ({
  id,
  kind: id === 0 ? 'metadata' : 'shard',
  leader: id === 2 ? null : 1,
  term: 3,
  voters: [1, 2, 3],
  learners: id === 2 ? [4] : [],
  commitIndex: 10 + id,
  appliedIndex: 9 + id
})

/** A member as the tests want it. */
export class FakePort implements AdminPort {
  readonly requests: AdminRequest[] = []
  /** What was asked about who calls, and what he may do. */
  readonly questions: AdminRequest[] = []
  readonly queues: Map<string, QueueStatus> = new Map()
  readonly access: FakeAccess = new FakeAccess()
  readonly operations: Map<string, OperationStatus> = new Map()
  clusterStatus: ClusterStatus = {
    clusterId: '0123456789abcdef0123456789abcdef',
    self: 1,
    nodes: [node(1), node(2), node(3)],
    groups: [group(0), group(1), group(2)],
    ready: true,
    notReadyReason: null,
    warnings: ['group 2 has no leader']
  }
  /** Replaces the model for one test. */
  override: ((request: AdminRequest) => Promise<AdminReply>) | null = null
  #published = 0

  addQueue(vhost: string, name: string, ready: number | null = 0): void {
    const key = JSON.stringify([vhost, name])
    const numbers = { ready, unsettled: ready, consumers: ready, bytes: ready, deadLetters: ready }
    this.queues.set(key, { vhost, name, type: 'durable', group: 1, leader: 1, ...numbers })
  }

  status(): ClusterStatus {
    return this.clusterStatus
  }

  counters(): MemberCounters {
    this.#published += 5
    return {
      publishedMessages: this.#published,
      publishedBytes: 1024,
      confirmedMessages: 4,
      returnedMessages: 1,
      deliveredMessages: 3,
      redeliveredMessages: 1,
      settledMessages: 2,
      rejectedDeadLetters: 0,
      expiredDeadLetters: 0,
      overflowDeadLetters: 0,
      undeliverableDeadLetters: 0,
      droppedDeadLetters: 0,
      waitingDeadLetters: 0,
      elections: 7,
      commitRecords: 11,
      commitBytes: 4096,
      commitSeconds: 1.5,
      commitSecondsMax: 0.25,
      commitStalls: 1,
      lostEntries: 0,
      clientConnections: 6,
      publishBytesInFlight: 512,
      snapshotsTaken: 2,
      snapshotsInstalled: 1
    }
  }

  async hashPassword(): Promise<PasswordHash> {
    return guest.password
  }

  async request(request: AdminRequest, _gone?: Gone): Promise<AdminReply> {
    const isQuestion = request.type === 'authenticate' || request.type === 'authorize'
    if (isQuestion) {
      this.questions.push(request)
      return this.#answer(request)
    }
    this.requests.push(request)
    if (this.override !== null) return await this.override(request)
    return this.#answer(request)
  }

  #answer(request: AdminRequest): AdminReply {
    switch (request.type) {
      case 'list-queues':
        return this.#page(request)
      case 'inspect-queue':
        return { type: 'queue', queue: this.#queue(request.vhost, request.name) }
      case 'purge-queue':
        return { type: 'purged', messages: this.#queue(request.vhost, request.name).ready ?? 0 }
      case 'delete-queue':
        this.#queue(request.vhost, request.name)
        this.queues.delete(JSON.stringify([request.vhost, request.name]))
        return { type: 'done' }
      case 'list-vhosts':
        return { type: 'vhosts', vhosts: [...this.access.vhosts.keys()].sort() }
      case 'authenticate':
        return this.access.authenticate(request)
      case 'authorize':
        return this.access.authorize(request)
      case 'read-access':
        return { type: 'access', access: this.access.read() }
      case 'change-access':
        return { type: 'changed', created: this.access.change(request.command) }
      case 'delete-vhost':
        if (this.access.vhosts.delete(request.vhost)) return { type: 'done' }
        throw new HoldfastError('VHOST_NOT_FOUND', { vhost: request.vhost })
      default:
        return this.#change(request)
    }
  }

  #change(request: AdminRequest): AdminReply {
    if (request.type === 'add-node') return this.#start('add-node', null)
    if (request.type === 'list-operations') {
      return { type: 'operations', operations: [...this.operations.values()] }
    }
    if (request.type === 'operation') {
      const operation = this.operations.get(request.id)
      if (operation !== undefined) return { type: 'operation', operation }
      throw new HoldfastError('OPERATION_NOT_FOUND', { operation: request.id })
    }
    if (request.type === 'remove-node') {
      const isKnown = this.clusterStatus.nodes.some(({ id }) => id === request.node)
      if (isKnown) return this.#start('remove-node', request.node)
      throw new HoldfastError('NODE_NOT_FOUND', { node: request.node })
    }
    if (request.type === 'transfer') {
      const isKnown = this.clusterStatus.groups.some(({ id }) => id === request.group)
      if (isKnown) return { type: 'done' }
      throw new HoldfastError('GROUP_NOT_FOUND', { group: request.group })
    }
    throw new Error(`the fake does not know '${request.type}'`)
  }

  #start(kind: OperationStatus['kind'], about: number | null): AdminReply {
    const operation: OperationStatus = {
      id: String(this.operations.size + 1),
      kind,
      node: about,
      state: 'running',
      progress: { done: 0, total: 4, sentence: 'waiting for the node to answer' },
      error: null
    }
    this.operations.set(operation.id, operation)
    return { type: 'operation', operation }
  }

  #queue(vhost: string, name: string): QueueStatus {
    const queue = this.queues.get(JSON.stringify([vhost, name]))
    if (queue === undefined) throw new HoldfastError('QUEUE_NOT_FOUND', { queue: name, vhost })
    return queue
  }

  #page({
    limit,
    cursor,
    vhosts
  }: Extract<AdminRequest, { readonly type: 'list-queues' }>): AdminReply {
    const all = [...this.queues.values()].filter(({ vhost }) => vhosts?.includes(vhost) ?? true)
    const first = cursor === null ? 0 : Number(cursor)
    const end = first + limit
    return {
      type: 'queues',
      queues: all.slice(first, end),
      cursor: end < all.length ? String(end) : null
    }
  }
}
