// The metadata as plainly as it can be said: maps and sets by name. It is fed what was committed,
// says what each command must be answered, and the production machine is compared with it
// (checkers/metadata-comparison.ts). A command that it would obey may be refused for a bound, or
// for a form that it knows nothing of; one that it must not obey is always refused. There are no
// exchanges that go with their last binding.
import {
  type MetadataCommand,
  type MetadataReply,
  predeclaredExchanges,
  type QueueOwner,
  replicaId
} from '@holdfast/broker'

export interface ReferenceNode {
  readonly incarnation: number
  readonly storeId: string
}

interface ReferenceQueue {
  readonly id: number
  readonly group: number
  readonly owner: QueueOwner | null
}

interface ReferenceBinding {
  readonly source: string
  readonly destination: string
}

type Command<Type extends MetadataCommand['type']> = Extract<MetadataCommand, { type: Type }>

/** What must be answered; null: it must be refused; undefined: that is not known here. */
export type Expected = MetadataReply | null | undefined

const done: MetadataReply = { type: 'done' }

/** The name of something in a vhost. */
function nameIn(vhost: string, name: string): string {
  return `${vhost} ${name}`
}

function textOf(owner: QueueOwner | null): string {
  if (owner === null) return ''
  return [owner.replica, owner.process, owner.connection, owner.client].join(' ')
}

export class ReferenceMetadata {
  readonly queues: Map<string, ReferenceQueue> = new Map()
  readonly bindings: Map<string, ReferenceBinding> = new Map()
  readonly nodes: Map<number, ReferenceNode> = new Map()
  /** By group: cursors of the changes that its shard has not acknowledged. */
  readonly outbox: Map<number, readonly number[]> = new Map()
  readonly #exchanges = new Set<string>()
  readonly #vhosts = new Set<string>()
  #nodesGiven = 0

  /** `isRefused`: the machine has refused it, so that it changes nothing. */
  apply(command: MetadataCommand, cursor: number, isRefused: boolean): Expected {
    switch (command.type) {
      case 'initialise':
        if (!isRefused) this.#declareVhost('/')
        return this.#addNode(command.storeId, isRefused)
      case 'add-node':
        return this.#addNode(command.storeId, isRefused)
      case 'adopt-incarnation':
        return this.#adopt(command, isRefused)
      case 'forget-node':
        if (!isRefused) this.nodes.delete(command.node)
        return done
      case 'acknowledge-outbox':
        for (const { group, upTo } of isRefused ? [] : command.groups) {
          const left = (this.outbox.get(group) ?? []).filter((open) => open > upTo)
          this.outbox.set(group, left)
        }
        return done
      case 'declare-vhost': {
        const created = !this.#vhosts.has(command.vhost)
        if (!isRefused) this.#declareVhost(command.vhost)
        return { type: 'declared', created }
      }
      case 'delete-vhost':
        if (!this.#vhosts.has(command.vhost)) return null
        if (!isRefused) this.#deleteVhost(command.vhost)
        return done
      case 'declare-queue':
        return this.#declareQueue(command, cursor, isRefused)
      case 'delete-queue':
        return this.#deleteQueue(command, cursor, isRefused)
      case 'declare-exchange': {
        const name = nameIn(command.vhost, command.name)
        const created = !this.#exchanges.has(name)
        if (!isRefused) this.#exchanges.add(name)
        return { type: 'declared', created }
      }
      case 'delete-exchange': {
        const name = nameIn(command.vhost, command.name)
        if (!this.#exchanges.has(name)) return null
        if (isRefused) return done
        this.#exchanges.delete(name)
        this.#unbind(({ source, destination }) => source === name || destination === `e ${name}`)
        return done
      }
      case 'bind':
      case 'unbind':
        return this.#changeBinding(command, isRefused)
      default:
        return undefined
    }
  }

  #declareVhost(vhost: string): void {
    if (this.#vhosts.has(vhost)) return
    this.#vhosts.add(vhost)
    for (const [name] of predeclaredExchanges) this.#exchanges.add(nameIn(vhost, name))
  }

  /** It has no queues; bindings between its exchanges go with it. */
  #deleteVhost(vhost: string): void {
    this.#vhosts.delete(vhost)
    const isInside = (name: string): boolean => name.startsWith(`${vhost} `)
    for (const name of this.#exchanges) if (isInside(name)) this.#exchanges.delete(name)
    this.#unbind(({ source }) => isInside(source))
  }

  #nodeReply(node: number): MetadataReply {
    const { incarnation = 0 } = this.nodes.get(node) ?? {}
    return { type: 'node', node, incarnation, replica: replicaId(node, incarnation) }
  }

  /** An id is given once; the same store gets the same answer. */
  #addNode(storeId: string, isRefused: boolean): Expected {
    for (const [node, known] of this.nodes) {
      if (known.storeId === storeId) return this.#nodeReply(node)
    }
    if (isRefused) return undefined
    this.#nodesGiven += 1
    this.nodes.set(this.#nodesGiven, { incarnation: 1, storeId })
    return this.#nodeReply(this.#nodesGiven)
  }

  #adopt({ node, storeId }: Command<'adopt-incarnation'>, isRefused: boolean): Expected {
    const known = this.nodes.get(node)
    if (known === undefined) return null
    if (!isRefused && known.storeId !== storeId) {
      this.nodes.set(node, { incarnation: known.incarnation + 1, storeId })
    }
    return this.#nodeReply(node)
  }

  #await(group: number, cursor: number): void {
    this.outbox.set(group, [...(this.outbox.get(group) ?? []), cursor])
  }

  #declareQueue(
    { vhost, name, group, ...command }: Command<'declare-queue'>,
    cursor: number,
    isRefused: boolean
  ): Expected {
    const { owner = null } = command
    const known = this.queues.get(nameIn(vhost, name))
    if (known !== undefined) {
      // Who does not own it just so, or declares his own otherwise, is refused.
      if (textOf(known.owner) !== textOf(owner)) return null
      const { id } = known
      return { type: 'queue', queue: id, group: known.group, cursor: id, created: false }
    }
    if (!isRefused) {
      this.queues.set(nameIn(vhost, name), { id: cursor, group, owner })
      this.#await(group, cursor)
    }
    return { type: 'queue', queue: cursor, group, cursor, created: true }
  }

  #deleteQueue(
    { vhost, name, queue }: Command<'delete-queue'>,
    cursor: number,
    isRefused: boolean
  ): Expected {
    const key = nameIn(vhost, name)
    const known = this.queues.get(key)
    if (known === undefined || (queue !== null && queue !== known.id)) return null
    const { id, group } = known
    if (!isRefused) {
      this.queues.delete(key)
      this.#unbind(({ destination }) => destination === `q ${key}`)
      this.#await(group, cursor)
    }
    return { type: 'queue-deleted', queue: id, group, cursor }
  }

  #unbind(isGone: (binding: ReferenceBinding) => boolean): void {
    for (const [key, binding] of this.bindings) if (isGone(binding)) this.bindings.delete(key)
  }

  #changeBinding(command: Command<'bind'> | Command<'unbind'>, isRefused: boolean): Expected {
    const { vhost, destination, bindingKey } = command
    const source = nameIn(vhost, command.source)
    const end = nameIn(vhost, destination.name)
    const isQueue = destination.type === 'queue'
    const isThere = isQueue ? this.queues.has(end) : this.#exchanges.has(end)
    if (!isThere || !this.#exchanges.has(source)) return null
    const owner = (isQueue ? this.queues.get(end)?.owner : null) ?? null
    if (owner !== null && owner.client !== command.client) return null
    const ends = { source, destination: `${isQueue ? 'q' : 'e'} ${end}` }
    const headers = Object.entries(command.arguments).sort(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify([ends, bindingKey, headers])
    const created = !this.bindings.has(key)
    if (command.type === 'bind') {
      if (!isRefused) this.bindings.set(key, ends)
      return { type: 'declared', created }
    }
    if (!isRefused) this.bindings.delete(key)
    return done
  }
}
