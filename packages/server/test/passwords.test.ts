// Passwords: those we hash, those of RabbitMQ, and how long a refusal takes.
import { createHash } from 'node:crypto'
import { guest, type PasswordHash } from '@holdfast/cluster'
import t from 'tap'
import { Passwords } from '../src/passwords.ts'

/** As `rabbitmqctl hash_password` makes it. */
function rabbitHash(password: string, digest: 'sha256' | 'sha512'): PasswordHash {
  const salt = Buffer.from([0x90, 0x8d, 0xc6, 0x0a])
  const bytes = createHash(digest).update(salt).update(password).digest()
  return {
    algorithm: `rabbit_password_hashing_${digest}`,
    hash: Buffer.concat([salt, bytes]).toString('base64')
  }
}

/** Milliseconds of the processor: whoever else uses the machine does not count. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

t.test('a password that was hashed is right, and no other is', async (t) => {
  const passwords = new Passwords(() => 0)
  const hash = await passwords.hash('geheim ü')
  t.equal(hash.algorithm, 'scrypt')
  t.ok(await passwords.verify('geheim ü', hash))
  for (const wrong of ['geheim u', '', 'geheim ü ']) t.notOk(await passwords.verify(wrong, hash))
  const again = await passwords.hash('geheim ü')
  t.not(again.hash, hash.hash, 'salts differ')
  t.notOk(await passwords.verify('geheim ü', null))
})

t.test('hashes of RabbitMQ are understood', async (t) => {
  const passwords = new Passwords(() => 0)
  // The example of RabbitMQ's own documentation.
  const documented = { algorithm: 'rabbit_password_hashing_sha256' } as const
  const hash = 'kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR'
  t.ok(await passwords.verify('test12', { ...documented, hash }))
  t.notOk(await passwords.verify('test13', { ...documented, hash }))
  for (const digest of ['sha256', 'sha512'] as const) {
    const made = rabbitHash('ü', digest)
    t.ok(await passwords.verify('ü', made))
    t.notOk(await passwords.verify('u', made))
  }
  t.ok(await passwords.verify('guest', guest.password))
})

t.test('what was right is remembered for a while, what was wrong is not', async (t) => {
  let nowMs = 0
  const passwords = new Passwords(() => nowMs)
  const hash = await passwords.hash('p')
  t.notOk(passwords.isRemembered('p', hash))
  const slowMs = await timeOf(() => passwords.verify('p', hash))
  t.ok(passwords.isRemembered('p', hash))
  t.notOk(passwords.isRemembered('q', hash))
  t.notOk(passwords.isRemembered('p', null))
  const fastMs = await timeOf(() => passwords.verify('p', hash))
  t.ok(fastMs < slowMs / 4, `${fastMs} ms after ${slowMs} ms`)
  t.notOk(await passwords.verify('q', hash))
  t.notOk(await passwords.verify('q', hash))
  const other = await passwords.hash('p2')
  t.notOk(await passwords.verify('p', other), 'by the hash that it was right for')
  nowMs = 600_000
  t.notOk(passwords.isRemembered('p', hash))
  t.ok((await timeOf(() => passwords.verify('p', hash))) > slowMs / 4)
})

t.test('a refusal takes as long whoever is refused', async (t) => {
  const passwords = new Passwords(() => 0)
  const hash = await passwords.hash('p')
  const shortest = async (of: PasswordHash | null): Promise<number> => {
    const timesMs: number[] = []
    for (let i = 0; i < 3; i++) timesMs.push(await timeOf(() => passwords.verify('x', of)))
    return Math.min(...timesMs)
  }
  const knownMs = await shortest(hash)
  const unknownMs = await shortest(null)
  const importedMs = await shortest(rabbitHash('p', 'sha256'))
  for (const timeMs of [unknownMs, importedMs]) {
    t.ok(timeMs > knownMs / 3 && timeMs < knownMs * 3, `${timeMs} ms, and ${knownMs} ms`)
  }
})

t.test('not many passwords are hashed at once', async (t) => {
  const passwords = new Passwords(() => 0)
  const made = Promise.all([passwords.hash('a'), passwords.hash('b')])
  await t.rejects(passwords.hash('c'), { code: 'UNAVAILABLE' })
  await made
  await passwords.hash('c')
})
