// Bits flip in files of the kind that was asked for, and nowhere else.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Random, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { rot, rotKinds } from './bit-rot.ts'

const files = {
  log: ['log/000003.log'],
  table: ['log/000005.ldb'],
  manifest: ['log/MANIFEST-000002'],
  current: ['log/CURRENT'],
  own: ['witness', 'node.lock']
}
const others = ['log/LOG', 'log/LOCK', 'format.json']

t.test('1 to 8 bits of one file flip', async (t) => {
  const data = temporaryDirectory(t)
  mkdirSync(join(data, 'log'))
  for (const kind of rotKinds) {
    for (const name of [...Object.values(files).flat(), ...others]) {
      writeFileSync(join(data, name), new Uint8Array(1_000))
    }
    const found = rot(data, kind, new Random(7))
    t.ok(files[kind].includes(found?.file ?? ''), kind)
    let bits = 0
    for (const name of [...Object.values(files).flat(), ...others]) {
      for (const byte of readFileSync(join(data, name))) {
        if (byte !== 0) t.equal(name, found?.file)
        for (let left = byte; left > 0; left &= left - 1) bits += 1
      }
    }
    t.ok(bits >= 1 && bits <= 8, `${bits} bits`)
  }
})

t.test('there is nothing to flip where no such file is', async (t) => {
  const data = temporaryDirectory(t)
  writeFileSync(join(data, 'witness'), '')
  t.equal(rot(data, 'table', new Random(1)), null)
  t.equal(rot(data, 'own', new Random(1)), null, 'nor in an empty one')
})
