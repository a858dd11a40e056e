// The watch over the machine tells when this process was held up.
import { eventually } from '@holdfast/testkit'
import t from 'tap'
import { type MachineTrouble, runnable, watchMachine } from './machine.ts'

t.test('a process that was held up is told of', async (t) => {
  const told: MachineTrouble[] = []
  const watch = watchMachine((trouble) => told.push(trouble))
  t.teardown(() => clearInterval(watch))
  const endMs = performance.now() + 700
  while (performance.now() < endMs);
  await eventually('the trouble', () => told.includes('machine-stall'))
})

t.test('somebody wants the processor while this is asked', async (t) => {
  t.ok(runnable() >= 1)
})
