// Passwords are hashed and compared here, since both are slow on purpose: scrypt for new ones
// (docs/adr/0024), and what RabbitMQ makes for those that were imported. Whether a user is there,
// and which algorithm its hash has, must not show in how long a refusal takes. What was right is
// remembered for a while, as a keyed digest, so that clients that come back after a failover are
// not held up by each other.
import { createHash, createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { type PasswordHash, scryptCost } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { serverLimits } from './limits.ts'

const saltBytes = 16
const hashBytes = 32

const rabbitDigests: Readonly<Record<string, string>> = {
  rabbit_password_hashing_sha256: 'sha256',
  rabbit_password_hashing_sha512: 'sha512'
}
const rabbitSaltBytes = 4

function derive(password: string, salt: Buffer): Promise<Buffer> {
  const cost = 2 ** scryptCost
  const options = { N: cost, r: 8, p: 1, maxmem: 2 * 128 * 8 * cost }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

export class Passwords {
  readonly #key = randomBytes(32)
  readonly #nowMs: () => number
  /** When a digest of hash and password was found right. The oldest go first. */
  readonly #right = new Map<string, number>()
  readonly #dummySalt = randomBytes(saltBytes)
  #hashing = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** @throws UNAVAILABLE while too many others are made */
  async hash(password: string): Promise<PasswordHash> {
    if (this.#hashing >= serverLimits.hashingsMax) {
      throw new HoldfastError('UNAVAILABLE', { reason: 'too many passwords are being hashed' })
    }
    this.#hashing++
    try {
      const salt = randomBytes(saltBytes)
      const key = await derive(password, salt)
      const hash = `${scryptCost}$${salt.toString('base64')}$${key.toString('base64')}`
      return { algorithm: 'scrypt', hash }
    } finally {
      this.#hashing--
    }
  }

  /** `hash` null: nobody has that password, which is found out as slowly. */
  async verify(password: string, hash: PasswordHash | null): Promise<boolean> {
    if (this.isRemembered(password, hash)) return true
    const isRight = hash !== null && (await this.#compare(password, hash))
    if (!isRight) {
      if (hash?.algorithm !== 'scrypt') await derive(password, this.#dummySalt)
      return false
    }
    this.#remember(this.#digest(password, hash))
    return true
  }

  /** Whether it was found right of late. */
  isRemembered(password: string, hash: PasswordHash | null): boolean {
    const digest = this.#digest(password, hash)
    const sinceMs = this.#right.get(digest)
    if (sinceMs === undefined) return false
    if (this.#nowMs() - sinceMs < serverLimits.rememberPasswordMs) return true
    this.#right.delete(digest)
    return false
  }

  async #compare(password: string, { algorithm, hash }: PasswordHash): Promise<boolean> {
    if (algorithm === 'scrypt') {
      const [, salt = '', key = ''] = hash.split('$')
      const derived = await derive(password, Buffer.from(salt, 'base64'))
      return isEqual(derived, Buffer.from(key, 'base64'))
    }
    const bytes = Buffer.from(hash, 'base64')
    const salt = bytes.subarray(0, rabbitSaltBytes)
    const digest = createHash(rabbitDigests[algorithm] ?? 'sha256')
      .update(salt)
      .update(password)
    return isEqual(digest.digest(), bytes.subarray(rabbitSaltBytes))
  }

  #digest(password: string, hash: PasswordHash | null): string {
    const text = JSON.stringify([hash, password])
    return createHmac('sha256', this.#key).update(text).digest('base64')
  }

  #remember(digest: string): void {
    const [oldest] = this.#right.keys()
    if (this.#right.size >= serverLimits.rememberedPasswordsMax && oldest !== undefined) {
      this.#right.delete(oldest)
    }
    this.#right.set(digest, this.#nowMs())
  }
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
