// The bound of what is on its way: lanes know nothing of each other, and who waits gets its turn.
import t from 'tap'
import { type Waiter, Window } from '../../src/dead-lettering/window.ts'
import { coreWith, pass } from '../part-core.ts'

function make(lettersMax: number, bytesMax: number) {
  const core = coreWith()
  return { core, window: new Window(core.timers, lettersMax, bytesMax) }
}

t.test('a lane has its own bound, of letters and bytes', async (t) => {
  const { window } = make(2, 100)
  window.take(1, 60)
  t.ok(window.hasRoom(1), 'the last one may go beyond')
  window.take(1, 500)
  t.notOk(window.hasRoom(1))
  t.ok(window.hasRoom(2), 'another lane')
  window.free(1, 60)
  t.notOk(window.hasRoom(1), 'bytes')
  window.free(1, 500)
  for (let letter = 0; letter < 2; letter++) window.take(1, 1)
  t.notOk(window.hasRoom(1), 'letters')
})

t.test('those that wait get turns, in order, for one letter each', async (t) => {
  const { window } = make(2, 100)
  const turns: string[] = []
  const waiter = (name: string, letters: number): Waiter => {
    const self = {
      turn: (lane: number) => {
        turns.push(`${name}${lane}`)
        window.take(lane, 1)
        letters--
        if (letters > 0) window.wait(lane, self)
      }
    }
    return self
  }
  for (let letter = 0; letter < 2; letter++) window.take(1, 1)
  window.wait(1, waiter('a', 2))
  window.wait(1, waiter('b', 1))
  window.flush()
  t.same(turns, [])
  window.free(1, 1)
  t.notOk(window.hasRoom(1), 'nobody overtakes')
  window.flush()
  t.same(turns, ['a1'], 'there is room for one')
  window.free(1, 1)
  window.free(1, 1)
  window.flush()
  t.same(turns, ['a1', 'b1', 'a1'])
  window.free(1, 1)
  window.flush()
  t.ok(window.hasRoom(1))
})

t.test('who leaves gets no turn, and the next one does', async (t) => {
  const { window } = make(1, 100)
  const turns: string[] = []
  const first = { turn: () => turns.push('first') }
  const second = { turn: () => turns.push('second') }
  window.take(1, 1)
  window.wait(1, first)
  window.wait(1, second)
  window.leave(1, first)
  window.free(1, 1)
  window.flush()
  t.same(turns, ['second'])
})

t.test('a lane that rests has no room for a while, whatever is freed', async (t) => {
  const { core, window } = make(2, 100)
  const turns: number[] = []
  window.take(1, 1)
  window.rest(1)
  window.wait(1, { turn: (lane) => turns.push(lane) })
  window.free(1, 1)
  window.flush()
  t.same(turns, [])
  t.ok(window.hasRoom(2))
  pass(core, 1_000)
  core.timers.tick()
  window.flush()
  t.same(turns, [1])
})
