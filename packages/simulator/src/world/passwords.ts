// Passwords in the simulated world: hashed as RabbitMQ does it, which costs nothing.
import { createHash } from 'node:crypto'
import type { PasswordHash } from '@holdfast/broker'

const algorithm = 'rabbit_password_hashing_sha256'

function digestOf(salt: Uint8Array, password: string): Buffer {
  return createHash('sha256').update(salt).update(password).digest()
}

export function hashPassword(password: string): PasswordHash {
  const salt = Buffer.from('salt')
  return {
    algorithm,
    hash: Buffer.concat([salt, digestOf(salt, password)]).toString('base64')
  }
}

export function isPassword(password: string, { hash }: PasswordHash): boolean {
  const bytes = Buffer.from(hash, 'base64')
  return digestOf(bytes.subarray(0, 4), password).equals(bytes.subarray(4))
}
