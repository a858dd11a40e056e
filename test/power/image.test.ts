// What is left of a directory after a power cut: what was synced, and a random part of the rest.
import { Random } from '@holdfast/testkit'
import t from 'tap'
import { DiskScene } from './disk-scene.ts'
import type { DiskMode, ImageOptions } from './image.ts'

t.setTimeout(280_000)

const strict = (mode: DiskMode): Partial<ImageOptions> => ({ mode, unsynced: 'none' })

t.test('what was synced stays, what was not goes', async (t) => {
  const scene = new DiskScene(t)
  scene.run('write a one', 'sync a', 'append a two', 'write b new', 'sync')
  const report = scene.cut(strict('ordered'))
  t.same(scene.files(), { a: 'one', b: '' }, 'a name is there before its bytes are')
  t.same(report.cut, [
    ['a', 6, 3],
    ['b', 3, 0]
  ])
  t.equal(report.syncs, 1)
})

t.test('a random part of the rest stays, as the seed says', async (t) => {
  const kept = new Set<number>()
  for (let seed = 1; seed <= 12; seed += 1) {
    const scene = new DiskScene(t)
    scene.run('write a one', 'sync a', 'fill a 1000', 'sync')
    scene.cut({ random: new Random(seed) })
    const { a = '' } = scene.files()
    t.ok(/^onex*$/.test(a))
    kept.add(a.length)
  }
  t.ok(kept.has(3), 'at times nothing of it')
  t.ok(kept.has(1_003), 'at times all of it')
  t.ok(kept.size >= 4, `${kept.size} lengths`)
})

t.test('what is there after a cut is durable at the next one', async (t) => {
  const scene = new DiskScene(t)
  scene.run('write a one', 'sync')
  scene.cut()
  const { a = '' } = scene.files()
  scene.run('append a more')
  scene.cut(strict('adversarial'))
  t.same(scene.files(), { a })
})

t.test('what a killed process has not synced may be lost later', async (t) => {
  const scene = new DiskScene(t)
  scene.run('write a one', 'sync a', 'append a two', 'sync')
  scene.run('append a three')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: 'one' })
})

t.test('a file that is overwritten in place or cut has its old bytes again', async (t) => {
  const scene = new DiskScene(t)
  scene.run('write a 0123456789', 'sync a', 'sync', 'overwrite a 2 XX', 'append a more')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: '0123456789' })
  scene.run('truncate a 4', 'append a more')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: '0123456789' })
  scene.run('write a short')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: '0123456789' }, 'also after it was opened anew')
  scene.run('write a short', 'sync a')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: 'short' })
  scene.run('overwrite a 0 XX', 'overwrite a 1 YY', 'overwrite a 0 ZZ')
  scene.cut(strict('ordered'))
  t.same(scene.files(), { a: 'short' }, 'also after it was overwritten several times')
})

t.test('one file may reach the disk whole though nobody synced it', async (t) => {
  const scene = new DiskScene(t)
  scene.run('write a one', 'sync a', 'write b one', 'sync b', 'sync')
  scene.run('overwrite a 0 two', 'append a more', 'overwrite b 0 two')
  scene.cut({ ...strict('adversarial'), kept: 'a' })
  t.same(scene.files(), { a: 'twomore', b: 'one' })
})

t.test('names that no sync covers are as they were', async (t) => {
  const actions = ['rename a b', 'write c new', 'unlink d', 'make e', 'link b f']
  for (const mode of ['ordered', 'adversarial'] as const) {
    const scene = new DiskScene(t)
    scene.run('write a one', 'sync a', 'write b two', 'sync b', 'write d', 'sync d', 'sync')
    scene.run(...actions)
    const { undone } = scene.cut(strict(mode))
    t.same(scene.files(), { a: 'one', b: 'two', d: '' })
    t.same(undone, [
      'rename data/a to data/b',
      'create data/c',
      'unlink data/d',
      'make data/e',
      'link data/f'
    ])
  }
})

t.test(
  'a sync of a file that grew commits names in one mode, of the directory in both',
  async (t) => {
    for (const [mode, sync, left] of [
      ['ordered', 'sync a', { b: 'one', c: 'new' }],
      ['adversarial', 'sync b', { a: 'one' }],
      ['adversarial', 'sync', { b: 'one', c: '' }]
    ] as const) {
      const scene = new DiskScene(t)
      scene.run('write a one', 'sync a', 'sync')
      const grow = sync === 'sync a' ? 'sync c' : sync
      scene.run('rename a b', 'write c new', grow)
      scene.cut(strict(mode))
      t.same(scene.files(), left, `${mode}, ${sync}`)
    }
  }
)

t.test('sectors that were not synced may be blank where the disk is adversarial', async (t) => {
  let blank = 0
  for (let seed = 1; seed <= 40 && blank === 0; seed += 1) {
    const scene = new DiskScene(t)
    scene.run('fill a 512 a', 'sync a', 'fill a 2048 b', 'sync')
    scene.cut({ mode: 'adversarial', random: new Random(seed) })
    const { a = '' } = scene.files()
    t.ok(a.startsWith('a'.repeat(512)), 'never what was synced')
    if (a.includes('\0'.repeat(512))) blank += 1
  }
  t.ok(blank > 0)
})
