// Users and rights of the fake node: as the member keeps them, in maps.
import {
  type AccessCommand,
  type AccessStatus,
  type AdminReply,
  type AdminRequest,
  guest,
  type Identity,
  type UserStatus
} from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'

interface FakeUser {
  password: UserStatus['password']
  tags: readonly string[]
  limits: Record<string, number>
  permissions: Map<string, UserStatus['permissions'][number]>
  topics: Map<string, UserStatus['topics'][number]>
}

const allRights = { configure: '.*', write: '.*', read: '.*' }

export class FakeAccess {
  readonly users: Map<string, FakeUser> = new Map()
  readonly vhosts: Map<string, { description: string; limits: Record<string, number> }> = new Map()

  constructor() {
    this.vhosts.set('/', { description: '', limits: {} })
    this.addUser('guest', ['administrator'])
    this.users.get('guest')?.permissions.set('/', { vhost: '/', ...allRights })
  }

  addUser(name: string, tags: readonly string[]): FakeUser {
    const blank = { limits: {}, permissions: new Map(), topics: new Map() }
    const user: FakeUser = { password: guest.password, tags, ...blank }
    this.users.set(name, user)
    return user
  }

  /** Every user has the password `right`. */
  authenticate({ credentials }: Extract<AdminRequest, { type: 'authenticate' }>): AdminReply {
    const { user, password } = credentials ?? { user: 'guest', password: 'right' }
    const row = this.users.get(user)
    if (row === undefined || password !== 'right') {
      throw new HoldfastError('AUTHENTICATION_FAILED', { user })
    }
    const vhosts = [...row.permissions.keys()]
    const identity: Identity = { user, id: 1, tags: row.tags, vhosts }
    return { type: 'identity', identity }
  }

  /** With permissions it may do everything, and so may administrators. */
  authorize({ user, vhost, needs }: Extract<AdminRequest, { type: 'authorize' }>): AdminReply {
    const row = this.users.get(user)
    const isAllowed = row?.permissions.has(vhost) || row?.tags.includes('administrator')
    if (isAllowed === true) return { type: 'done' }
    const { resource = 'queue', name = '', right = 'read' } = needs[0] ?? {}
    throw new HoldfastError('ACCESS_REFUSED', { user, vhost, resource, name, right })
  }

  read(): AccessStatus {
    const users = [...this.users].map(([name, { permissions, topics, ...rest }]) => {
      const rows = { permissions: [...permissions.values()], topics: [...topics.values()] }
      return { name, ...rest, ...rows }
    })
    return { users, vhosts: [...this.vhosts].map(([name, settings]) => ({ name, ...settings })) }
  }

  change(command: AccessCommand): boolean {
    switch (command.type) {
      case 'put-user': {
        const known = this.users.get(command.user)
        const user = known ?? this.addUser(command.user, [])
        user.password = command.password
        user.tags = command.tags
        return known === undefined
      }
      case 'put-vhost': {
        const { vhost, description, owner } = command
        const known = this.vhosts.get(vhost)
        this.vhosts.set(vhost, { limits: {}, ...known, description: description ?? '' })
        if (known === undefined && owner !== null) {
          this.#user(owner).permissions.set(vhost, { vhost, ...allRights })
        }
        return known === undefined
      }
      case 'set-vhost-limit': {
        const vhost = this.vhosts.get(command.vhost)
        if (vhost === undefined)
          throw new HoldfastError('VHOST_NOT_FOUND', { vhost: command.vhost })
        setLimit(vhost.limits, command)
        return false
      }
      default:
        return this.#changeUser(command)
    }
  }

  #changeUser(
    command: Exclude<AccessCommand, { type: 'put-user' | 'put-vhost' | 'set-vhost-limit' }>
  ): boolean {
    const user = this.#user(command.user)
    if (command.type === 'delete-user') return !this.users.delete(command.user)
    if (command.type === 'set-user-limit') {
      setLimit(user.limits, command)
      return false
    }
    const { vhost } = command
    if (!this.vhosts.has(vhost)) throw new HoldfastError('VHOST_NOT_FOUND', { vhost })
    if (command.type === 'clear-permission') return !user.permissions.delete(vhost)
    if (command.type === 'clear-topic-permission') {
      for (const [key, row] of user.topics) if (row.vhost === vhost) user.topics.delete(key)
      return false
    }
    if (command.type === 'set-permission') {
      const { configure, write, read } = command
      const isNew = !user.permissions.has(vhost)
      user.permissions.set(vhost, { vhost, configure, write, read })
      return isNew
    }
    const { exchange, write, read } = command
    const key = JSON.stringify([vhost, exchange])
    const isNew = !user.topics.has(key)
    user.topics.set(key, { vhost, exchange, write, read })
    return isNew
  }

  #user(name: string): FakeUser {
    const user = this.users.get(name)
    if (user === undefined) throw new HoldfastError('USER_NOT_FOUND', { user: name })
    return user
  }
}

function setLimit(
  limits: Record<string, number>,
  { limit, value }: { readonly limit: string; readonly value: number | null }
): void {
  if (value === null) delete limits[limit]
  else limits[limit] = value
}
