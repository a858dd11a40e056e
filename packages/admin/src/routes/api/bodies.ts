// Users, permissions and vhosts as RabbitMQ's management API shows them.
import type { UserStatus, VhostStatus } from '@holdfast/cluster'

export interface ApiUser {
  readonly name: string
  readonly password_hash: string
  readonly hashing_algorithm: string
  readonly tags: readonly string[]
  readonly limits: UserStatus['limits']
}

/** Hashes are shown so that users can be taken along, as there; only to administrators. */
export function userBody({ name, password, tags, limits }: UserStatus): ApiUser {
  return {
    name,
    password_hash: password?.hash ?? '',
    hashing_algorithm: password?.algorithm ?? 'rabbit_password_hashing_sha256',
    tags,
    limits
  }
}

export interface ApiPermission {
  readonly user: string
  readonly vhost: string
  readonly configure: string
  readonly write: string
  readonly read: string
}

export function permissionsOf({ name, permissions }: UserStatus): readonly ApiPermission[] {
  return permissions.map((permission) => ({ user: name, ...permission }))
}

export interface ApiTopicPermission {
  readonly user: string
  readonly vhost: string
  readonly exchange: string
  readonly write: string
  readonly read: string
}

export function topicsOf({ name, topics }: UserStatus): readonly ApiTopicPermission[] {
  return topics.map((permission) => ({ user: name, ...permission }))
}

export interface ApiVhost {
  readonly name: string
  readonly description: string
  readonly tags: readonly string[]
  readonly metadata: { readonly description: string; readonly tags: readonly string[] }
  readonly tracing: boolean
}

export function vhostBody({ name, description }: VhostStatus): ApiVhost {
  const tags: readonly string[] = []
  return { name, description, tags, metadata: { description, tags }, tracing: false }
}
