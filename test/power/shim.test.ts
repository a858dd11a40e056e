// The faults of the disk shim, as a process meets them.
import t from 'tap'
import { DiskScene } from './disk-scene.ts'

t.setTimeout(280_000)

t.test('the n-th sync fails once, and what it was to write is in doubt', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ syncFailIn: 2 })
  const outcomes = disk.run('fill a 4096', 'sync a', 'fill a 4096', 'sync a', 'sync a', 'sync')
  t.same(outcomes, ['4096', 'ok', '4096', 'EIO', 'ok', 'ok'])
  disk.cut()
  const { a = '' } = disk.files()
  t.ok(a.startsWith('x'.repeat(4_096)))
  t.ok(a.slice(4_096).includes('\0'.repeat(512)), 'although a later sync of the file succeeded')
})

t.test('a write may be short, and the rest is written by the next', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ writeShortIn: 1 })
  t.same(disk.run('write a 0123456789', 'append a rest'), ['10', '4'])
  t.same(disk.files(), { a: '0123456789rest' })
  t.equal(disk.control.read('writes'), 3)
})

t.test('a full disk refuses writes, says so, and takes them again', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ bytesLeft: 6_000 })
  const outcomes = disk.run('fill a 4096', 'fill b 4096', 'fill b 4096', 'free')
  t.same(outcomes, ['4096', '1904', 'ENOSPC', '0'])
  disk.control.clear()
  t.same(disk.run('fill b 4096'), ['4096'])
})

t.test('wall clocks step', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ clockOffsetMs: -3_600_500 })
  const before = Date.now()
  const [said] = disk.run('now')
  const now = Number(said) + 3_600_500
  t.ok(now >= before - 5 && now <= Date.now() + 5, `${now} for ${before}`)
})

t.test('a process dies before the n-th operation', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ dieIn: 4 })
  t.same(disk.run('write a one', 'sync a', 'rename a b', 'unlink b').slice(0, 3), ['3', 'ok'])
  t.same(disk.files(), { a: 'one' })
  t.equal(disk.control.read('operations'), 4)
  t.equal(disk.control.read('syncs'), 1)
  t.equal(disk.control.read('writes'), 1)
})

t.test('a disk that lies loses what it said it had', async (t) => {
  const disk = new DiskScene(t)
  t.same(disk.run('write a one', 'sync a', 'sync'), ['3', 'ok', 'ok'])
  disk.control.set({ syncIsLying: 1 })
  t.same(disk.run('append a two', 'sync a', 'sync'), ['3', 'ok', 'ok'])
  disk.cut({ unsynced: 'none' })
  t.same(disk.files(), { a: 'one' })
})

t.test('a sync takes as long as it is told', async (t) => {
  const disk = new DiskScene(t)
  disk.control.set({ syncDelayMs: 300 })
  const [before, , after] = disk.run('now', 'sync', 'now')
  t.ok(Number(after) - Number(before) >= 300)
})

t.test('faults of the environment hold from the start, records can be left out', async (t) => {
  const disk = new DiskScene(t)
  const environment = {
    HOLDFAST_SHIM_FAULTS: 'syncFailIn=1,clockOffsetMs=86400000',
    HOLDFAST_SHIM_RECORDING: '0'
  }
  const before = Date.now()
  const [, sync, now] = disk.runWith(environment, 'write a one', 'sync a', 'now')
  t.equal(sync, 'EIO')
  t.ok(Number(now) >= before + 86_400_000 - 5)
  disk.cut({ unsynced: 'none' })
  t.same(disk.files(), { a: 'one' }, 'nothing is known of it')
  t.throws(() => disk.runWith({ HOLDFAST_SHIM_FAULTS: 'nonsense=1' }, 'now'), /SIGABRT|unknown/)
})
