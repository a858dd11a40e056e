// What the metadata group replicates of users, their rights and the bounds of vhosts: its commands,
// as plain data. The rules are in access-changes.ts.

/**
 * A password as it is kept. `hash` is of the form that the algorithm has: for `scrypt`
 * `LN$SALT$HASH` (binary logarithm of its cost, the rest in base64), for those of RabbitMQ base64
 * of four bytes of salt and the digest of salt and password.
 */
export interface PasswordHash {
  readonly algorithm: HashAlgorithm
  readonly hash: string
}

export type HashAlgorithm =
  | 'scrypt'
  | 'rabbit_password_hashing_sha256'
  | 'rabbit_password_hashing_sha512'

/** Patterns: regular expressions that are searched for in the name. An empty one matches ''. */
export interface Permission {
  readonly configure: string
  readonly write: string
  readonly read: string
}

export interface TopicPermission {
  readonly write: string
  readonly read: string
}

export type UserLimit = 'max-connections' | 'max-channels'
export type VhostLimit = 'max-connections' | 'max-queues'

export type AccessCommand =
  /** Makes a user, or gives it another password and tags. Without a password nobody logs in. */
  | {
      readonly type: 'put-user'
      readonly user: string
      readonly password: PasswordHash | null
      readonly tags: readonly string[]
    }
  | { readonly type: 'delete-user'; readonly user: string }
  /** `value` null: no limit. */
  | {
      readonly type: 'set-user-limit'
      readonly user: string
      readonly limit: UserLimit
      readonly value: number | null
    }
  | ({
      readonly type: 'set-permission'
      readonly user: string
      readonly vhost: string
    } & Permission)
  | { readonly type: 'clear-permission'; readonly user: string; readonly vhost: string }
  | ({
      readonly type: 'set-topic-permission'
      readonly user: string
      readonly vhost: string
      readonly exchange: string
    } & TopicPermission)
  /** `exchange` null: those of all exchanges. */
  | {
      readonly type: 'clear-topic-permission'
      readonly user: string
      readonly vhost: string
      readonly exchange: string | null
    }
  /**
   * As `declare-vhost`; a new one gives all rights to its `owner`. `description` null: it stays as
   * it is.
   */
  | {
      readonly type: 'put-vhost'
      readonly vhost: string
      readonly description: string | null
      readonly owner: string | null
    }
  | {
      readonly type: 'set-vhost-limit'
      readonly vhost: string
      readonly limit: VhostLimit
      readonly value: number | null
    }
