// Waits end at the first tick at or after their time, each once.
import t from 'tap'
import { Clock } from '../src/clock.ts'
import { Timers } from '../src/timers.ts'

t.test('a wait ends once, and what it starts waits for another tick', async (t) => {
  const clock = new Clock()
  const timers = new Timers(clock)
  const ran: string[] = []
  timers.after(100, () => {
    ran.push('first')
    timers.after(0, () => ran.push('nested'))
  })
  timers.after(50, () => ran.push('second'))
  clock.advance(99, 0)
  timers.tick()
  t.same(ran, ['second'])
  clock.advance(100, 0)
  timers.tick()
  t.same(ran, ['second', 'first'])
  timers.tick()
  timers.tick()
  t.same(ran, ['second', 'first', 'nested'])
})
