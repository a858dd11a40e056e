// Sorted names against a plain sorted array.
import t from 'tap'
import { SortedNames } from '../src/sorted-names.ts'
import { createRandom } from './metadata-fixture.ts'

t.test('random changes and pages agree with a sorted array', async (t) => {
  const seed = 11
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const names = new SortedNames()
  let model: string[] = []
  const draw = (): string => `${Math.floor(random() * 4000)}${random() < 0.1 ? '\u{1F600}' : ''}`
  for (let step = 0; step < 20_000; step++) {
    const name = draw()
    const isGrowing = step % 8000 < 5000
    const isThere = model.includes(name)
    if (isThere && (!isGrowing || random() < 0.3)) {
      names.remove(name)
      model = model.filter((other) => other !== name)
    } else if (!isThere && isGrowing) {
      names.add(name)
      const at = model.findIndex((other) => other > name)
      model.splice(at < 0 ? model.length : at, 0, name)
    } else if (!isThere) names.remove(name)
    if (step % 50 !== 0) continue
    const start = random() < 0.2 ? null : draw()
    const count = Math.floor(random() * 1500)
    const wanted = model.filter((other) => start === null || other > start).slice(0, count)
    if (names.after(start, count).join() !== wanted.join()) return t.fail(`step ${step}`)
  }
  t.ok(model.length > 0)
  for (const name of model) names.remove(name)
  t.same(names.after(null, 10), [])
  return undefined
})

t.test('an empty list has no names', async (t) => {
  const names = new SortedNames()
  t.same(names.after(null, 5), [])
  t.same(names.after('x', 5), [])
  names.remove('x')
  names.add('')
  t.same(names.after(null, 5), [''])
  t.same(names.after('', 5), [])
})
