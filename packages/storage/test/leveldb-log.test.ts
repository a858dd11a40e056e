// The reader of LevelDB's log format, against files that LevelDB wrote and harm done to them.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Random } from '@holdfast/testkit'
import { ClassicLevel } from 'classic-level'
import t from 'tap'
import { crc32c, maskCrc } from '../src/crc32c.ts'
import { scanLog } from '../src/leveldb-log.ts'

async function makeLog(directory: string, sizes: readonly number[]): Promise<Buffer> {
  const database = new ClassicLevel<string, Uint8Array>(directory, { valueEncoding: 'view' })
  await database.open()
  for (const [at, size] of sizes.entries()) {
    await database.put(`key ${at}`, new Uint8Array(size).fill(at + 1), { sync: true })
  }
  await database.close()
  const name = (await readdir(directory)).find((file) => file.endsWith('.log')) ?? ''
  return readFile(join(directory, name))
}

t.test('crc32c gives the values of RFC 3720, and LevelDB masks them', async (t) => {
  t.equal(crc32c(new Uint8Array(32), 0, 32), 0x8a9136aa)
  t.equal(crc32c(new Uint8Array(32).fill(255), 0, 32), 0x62a8ab43)
  const ascending = Uint8Array.from({ length: 32 }, (_, at) => at)
  t.equal(crc32c(ascending, 0, 32), 0x46dd794e)
  t.equal(crc32c(Buffer.from('x123456789'), 1, 10), 0xe3069283)
  t.equal(maskCrc(0), 0xa282ead8)
})

t.test('records of all sizes are found whole', async (t) => {
  const sizes = [0, 1, 100, 32_000, 40_000, 300_000, 5, 32_768 - 7, 12]
  const bytes = await makeLog(t.testdir(), sizes)
  const lengths: number[] = []
  const scan = scanLog(bytes, (data) => lengths.push(data.length))
  t.same(scan, { records: sizes.length, damage: null, isTorn: false })
  for (const [at, size] of sizes.entries()) t.ok((lengths[at] ?? 0) > size)
  t.same(scanLog(new Uint8Array(0)), { records: 0, damage: null, isTorn: false })
})

t.test('cut at every byte, a log is sound or torn, never damaged', async (t) => {
  const bytes = await makeLog(t.testdir(), [10, 20, 30, 40])
  for (let cut = 0; cut < bytes.length; cut += 1) {
    const scan = scanLog(bytes.subarray(0, cut))
    if (scan.damage !== null) t.fail(`cut at ${cut}: ${scan.damage}`)
  }
  const large = await makeLog(t.testdir(), [100_000])
  for (let cut = 0; cut < large.length; cut += 997) {
    if (scanLog(large.subarray(0, cut)).damage !== null) t.fail(`cut at ${cut}`)
  }
})

t.test('a blank tail, and a blank block in the last record, are torn', async (t) => {
  const bytes = await makeLog(t.testdir(), [50, 50])
  const blankTail = Buffer.concat([bytes, Buffer.alloc(4096)])
  t.same(scanLog(blankTail), { records: 2, damage: null, isTorn: true })
  const large = await makeLog(t.testdir(), [50, 200_000])
  large.fill(0, 65_536, 98_304)
  t.same(scanLog(large), { records: 1, damage: null, isTorn: true })
})

t.test('a flip of any bit before the end of a small log is found', async (t) => {
  const bytes = await makeLog(t.testdir(), [30, 40, 50])
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const at = bit >>> 3
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
    if (scanLog(bytes).damage === null) t.fail(`bit ${bit} was not found`)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
  }
})

t.test('flips in a log of many blocks are found', async (t) => {
  const random = new Random(3)
  const sizes = Array.from({ length: 60 }, () => random.integer(0, 9000))
  const bytes = await makeLog(t.testdir(), sizes)
  for (let flip = 0; flip < 300; flip += 1) {
    const at = random.integer(0, bytes.length - 1)
    const mask = 1 << random.integer(0, 7)
    bytes[at] = (bytes[at] ?? 0) ^ mask
    if (scanLog(bytes).damage === null) t.fail(`seed 3: byte ${at} was not found`)
    bytes[at] = (bytes[at] ?? 0) ^ mask
  }
})
