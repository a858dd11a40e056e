// The forms of password hashes. Here they are only looked at: computing one is slow and belongs to
// the shell.
import type { HashAlgorithm, PasswordHash } from './access-command.ts'

/**
 * Binary logarithm of the cost of scrypt, 16 MiB of memory and some 50 ms; 8 blocks and no
 * parallelism besides. No other is taken: how long a refusal takes would tell whose hash costs
 * more, and whoever tries passwords would choose what that costs the node.
 */
export const scryptCost = 14

const forms: { readonly [Algorithm in HashAlgorithm]: RegExp } = {
  scrypt: /^14\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=$/,
  rabbit_password_hashing_sha256: /^[A-Za-z0-9+/]{48}$/,
  rabbit_password_hashing_sha512: /^[A-Za-z0-9+/]{91}=$/
}

export const hashAlgorithms: readonly HashAlgorithm[] = Object.keys(forms) as HashAlgorithm[]

/** Why it is no password hash; null when it is one. */
export function passwordHashFault({ algorithm, hash }: PasswordHash): string | null {
  if (!Object.hasOwn(forms, algorithm)) return `algorithm '${algorithm}' is not known`
  return forms[algorithm].test(hash) ? null : `it is not of the form that ${algorithm} has`
}

/** User and password that every cluster is born with, as every RabbitMQ is; no secret, hence. */
export const guest: { readonly user: string; readonly password: PasswordHash } = {
  user: 'guest',
  password: {
    algorithm: 'rabbit_password_hashing_sha256',
    hash: 'aG9sZOTxW0t431hnFiIdddSRR8ghgO3hChxmWap0lgKoVSFw'
  }
}
