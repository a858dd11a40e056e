// The forms of password hashes, and the one that everybody knows.
import { createHash } from 'node:crypto'
import t from 'tap'
import { guest, type HashAlgorithm, passwordHashFault } from '../../src/index.ts'

const scrypt = (cost: number): string => `${cost}$${'A'.repeat(22)}==$${'A'.repeat(43)}=`

t.test('a hash has the form of its algorithm', async (t) => {
  const sha256 = 'rabbit_password_hashing_sha256'
  const sha512 = 'rabbit_password_hashing_sha512'
  for (const [algorithm, hash] of [
    ['scrypt', scrypt(14)],
    [sha256, Buffer.alloc(36).toString('base64')],
    [sha512, Buffer.alloc(68).toString('base64')]
  ] as const) {
    t.equal(passwordHashFault({ algorithm, hash }), null)
  }
  for (const [algorithm, hash] of [
    ['scrypt', scrypt(13)],
    ['scrypt', scrypt(15)],
    ['scrypt', scrypt(16)],
    ['scrypt', `${scrypt(14)}\n`],
    [sha256, Buffer.alloc(35).toString('base64')],
    [sha256, ''],
    [sha512, Buffer.alloc(36).toString('base64')],
    ['md5', '']
  ] as const) {
    t.type(passwordHashFault({ algorithm: algorithm as HashAlgorithm, hash }), 'string')
  }
})

t.test("the hash of guest is that of 'guest', salted with its first four bytes", async (t) => {
  const bytes = Buffer.from(guest.password.hash, 'base64')
  const digest = createHash('sha256').update(bytes.subarray(0, 4)).update('guest').digest()
  t.same(bytes.subarray(4), digest)
  t.equal(passwordHashFault(guest.password), null)
})
