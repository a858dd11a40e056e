// What a member must not ask while it takes a step, and may be asked at any other time.
import t from 'tap'
import { setTripwire, step } from '../../src/world/tripwire.ts'

const forbidden: Readonly<Record<string, () => unknown>> = {
  'Date.now': () => Date.now(),
  Date: () => Reflect.construct(Date, []),
  'Math.random': () => Reflect.apply(Reflect.get(Math, 'random'), Math, []),
  'performance.now': () => performance.now(),
  setTimeout: () => setTimeout(() => undefined, 0),
  setImmediate: () => setImmediate(() => undefined),
  queueMicrotask: () => queueMicrotask(() => undefined),
  'crypto.getRandomValues': () => crypto.getRandomValues(new Uint8Array(1)),
  'process.nextTick': () => process.nextTick(() => undefined),
  WeakRef: () => new WeakRef({})
}

t.test('clocks, chance and timers throw within a step, and work outside of it', async (t) => {
  const takeAway = setTripwire()
  t.teardown(takeAway)
  for (const [name, use] of Object.entries(forbidden)) {
    t.throws(() => step(use), { message: new RegExp(name.replace('.', '\\.')) }, name)
    t.doesNotThrow(use, `${name} outside`)
  }
  t.equal(
    step(() => 5),
    5
  )
})

t.test('what was replaced is put back', async (t) => {
  const before = [Date, setTimeout, Reflect.get(Math, 'random'), performance.now]
  setTripwire()()
  t.same([Date, setTimeout, Reflect.get(Math, 'random'), performance.now], before)
  t.doesNotThrow(() => step(() => Date.now()))
})
