// Users, what they may do, and the bounds of vhosts, as the log has made them. The rules of what
// may change are in access-changes.ts, what follows from it is decided by who reads (cluster).
// Order of insertion is replicated state: snapshots and digests go by it.
import type {
  PasswordHash,
  Permission,
  TopicPermission,
  UserLimit,
  VhostLimit
} from './access-command.ts'

/** A user as somebody has come to know it: one that is made again by its name is another. */
export interface UserIdentity {
  readonly name: string
  /** Cursor of the command that made it: never given twice, and above 0. */
  readonly id: number
}

export interface User extends UserIdentity {
  password: PasswordHash | null
  tags: readonly string[]
  readonly limits: Map<UserLimit, number>
  /** By vhost: without an entry the user may not even connect there. */
  readonly permissions: Map<string, Permission>
  /** By vhost and exchange: without an entry every topic is allowed. No inner map is empty. */
  readonly topics: Map<string, Map<string, TopicPermission>>
}

/** What a vhost has beside its name. */
export interface VhostSettings {
  description: string
  readonly limits: Map<VhostLimit, number>
}

export class AccessState {
  /** Grows with every change; local to this replica. */
  changes = 0
  readonly #users: Map<string, User> = new Map()
  readonly #vhosts: Map<string, VhostSettings> = new Map()
  #permissionsCount = 0
  #topicsCount = 0

  get users(): readonly User[] {
    return [...this.#users.values()]
  }

  get usersCount(): number {
    return this.#users.size
  }

  /** Of all users and vhosts. */
  get permissionsCount(): number {
    return this.#permissionsCount
  }

  get topicsCount(): number {
    return this.#topicsCount
  }

  user(name: string): User | null {
    return this.#users.get(name) ?? null
  }

  /** Null: it was deleted, even if another has its name by now. */
  sameUser({ name, id }: UserIdentity): User | null {
    const user = this.user(name)
    return user?.id === id ? user : null
  }

  /** Null: it has a name and nothing else, as far as is known here. */
  vhost(name: string): VhostSettings | null {
    return this.#vhosts.get(name) ?? null
  }

  get vhosts(): ReadonlyMap<string, VhostSettings> {
    return this.#vhosts
  }

  vhostLimit(name: string, limit: VhostLimit): number | null {
    return this.#vhosts.get(name)?.limits.get(limit) ?? null
  }

  /** True if it is new: only then it takes the id. */
  putUser(
    { name, id }: UserIdentity,
    password: PasswordHash | null,
    tags: readonly string[]
  ): boolean {
    this.changes += 1
    const known = this.#users.get(name)
    if (known !== undefined) {
      known.password = password
      known.tags = tags
      return false
    }
    const blank = { limits: new Map(), permissions: new Map(), topics: new Map() }
    this.#users.set(name, { name, id, password, tags, ...blank })
    return true
  }

  removeUser(user: User): void {
    this.changes += 1
    for (const vhost of user.permissions.keys()) this.clearPermission(user, vhost)
    for (const vhost of user.topics.keys()) this.clearTopics(user, vhost, null)
    this.#users.delete(user.name)
  }

  /** True if there was none. */
  setPermission(user: User, vhost: string, permission: Permission): boolean {
    this.changes += 1
    const isNew = !user.permissions.has(vhost)
    user.permissions.set(vhost, permission)
    if (isNew) this.#permissionsCount += 1
    return isNew
  }

  clearPermission(user: User, vhost: string): void {
    if (!user.permissions.delete(vhost)) return
    this.changes += 1
    this.#permissionsCount -= 1
  }

  setTopic(user: User, vhost: string, exchange: string, permission: TopicPermission): boolean {
    this.changes += 1
    const topics = user.topics.get(vhost) ?? new Map<string, TopicPermission>()
    user.topics.set(vhost, topics)
    const isNew = !topics.has(exchange)
    topics.set(exchange, permission)
    if (isNew) this.#topicsCount += 1
    return isNew
  }

  /** Of one exchange, or of all. */
  clearTopics(user: User, vhost: string, exchange: string | null): void {
    const topics = user.topics.get(vhost)
    if (topics === undefined) return
    const before = topics.size
    if (exchange === null) topics.clear()
    else topics.delete(exchange)
    if (topics.size < before) this.changes += 1
    this.#topicsCount -= before - topics.size
    if (topics.size === 0) user.topics.delete(vhost)
  }

  setUserLimit(user: User, limit: UserLimit, value: number | null): void {
    this.changes += 1
    if (value === null) user.limits.delete(limit)
    else user.limits.set(limit, value)
  }

  describeVhost(name: string, description: string): void {
    this.changes += 1
    this.#settings(name).description = description
    this.#dropBlank(name)
  }

  setVhostLimit(name: string, limit: VhostLimit, value: number | null): void {
    this.changes += 1
    const { limits } = this.#settings(name)
    if (value === null) limits.delete(limit)
    else limits.set(limit, value)
    this.#dropBlank(name)
  }

  /** A vhost is gone, and with it whatever anybody may do in it. */
  vhostRemoved(name: string): void {
    this.changes += 1
    this.#vhosts.delete(name)
    for (const user of this.#users.values()) {
      this.clearPermission(user, name)
      this.clearTopics(user, name, null)
    }
  }

  #settings(name: string): VhostSettings {
    const known = this.#vhosts.get(name)
    if (known !== undefined) return known
    const blank: VhostSettings = { description: '', limits: new Map() }
    this.#vhosts.set(name, blank)
    return blank
  }

  /** What says nothing is not kept, so that replicas hold the same whatever way they came. */
  #dropBlank(name: string): void {
    const { description, limits } = this.#settings(name)
    if (description === '' && limits.size === 0) this.#vhosts.delete(name)
  }
}
