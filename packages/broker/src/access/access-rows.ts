// Users and rights as rows of a snapshot, each no longer than a few KiB. What a row refers to
// stands before it.
//   row := ['user', name, id, [algorithm, hash] | nil, [tag…], [[limit, value]…]]
//        | ['permission', user, vhost, configure, write, read]
//        | ['topic', user, vhost, exchange, write, read]
//        | ['vhost', name, description, [[limit, value]…]]
import { assert } from '@holdfast/errors'
import type { HashAlgorithm, UserLimit, VhostLimit } from './access-command.ts'
import type { AccessState, User } from './access-state.ts'

type AccessRow = readonly [string, ...(readonly unknown[])]

export function accessRows(access: AccessState): readonly AccessRow[] {
  const rows: AccessRow[] = []
  for (const { name, id, password, tags, limits, permissions, topics } of access.users) {
    const hash = password === null ? null : [password.algorithm, password.hash]
    rows.push(['user', name, id, hash, tags, [...limits].sort()])
    for (const [vhost, { configure, write, read }] of permissions) {
      rows.push(['permission', name, vhost, configure, write, read])
    }
    for (const [vhost, exchanges] of topics) {
      for (const [exchange, { write, read }] of exchanges) {
        rows.push(['topic', name, vhost, exchange, write, read])
      }
    }
  }
  for (const [name, { description, limits }] of access.vhosts) {
    rows.push(['vhost', name, description, [...limits].sort()])
  }
  return rows
}

function text(value: unknown): string {
  assert(typeof value === 'string', 'a row of the rights has its texts')
  return value
}

function list(value: unknown): readonly unknown[] {
  assert(Array.isArray(value), 'a row of the rights has its lists')
  return value
}

function limitsOf<Limit extends string>(value: unknown): readonly (readonly [Limit, number])[] {
  return list(value).map((pair) => {
    const [limit, bound] = list(pair)
    assert(typeof bound === 'number', 'a limit is a number')
    return [text(limit) as Limit, bound]
  })
}

function find(access: AccessState, name: unknown): User {
  const user = access.user(text(name))
  assert(user !== null, 'the user of a row stands before it')
  return user
}

function restoreUser(access: AccessState, row: readonly unknown[]): void {
  const [, name, id, hash, tags, limits] = row
  assert(typeof id === 'number' && id > 0, 'a user has an id')
  const [algorithm, digest] = hash === null ? [] : list(hash)
  const password =
    hash === null ? null : { algorithm: text(algorithm) as HashAlgorithm, hash: text(digest) }
  access.putUser({ name: text(name), id }, password, list(tags).map(text))
  const user = find(access, name)
  for (const [limit, value] of limitsOf<UserLimit>(limits)) access.setUserLimit(user, limit, value)
}

/** False for a row of another kind. */
export function readAccessRow(access: AccessState, row: readonly unknown[]): boolean {
  const [kind, first, second, third, fourth, fifth] = row
  if (kind === 'user') restoreUser(access, row)
  else if (kind === 'permission') {
    const rights = { configure: text(third), write: text(fourth), read: text(fifth) }
    access.setPermission(find(access, first), text(second), rights)
  } else if (kind === 'topic') {
    const rights = { write: text(fourth), read: text(fifth) }
    access.setTopic(find(access, first), text(second), text(third), rights)
  } else if (kind === 'vhost') {
    access.describeVhost(text(first), text(second))
    for (const [limit, value] of limitsOf<VhostLimit>(third)) {
      access.setVhostLimit(text(first), limit, value)
    }
  } else return false
  return true
}
