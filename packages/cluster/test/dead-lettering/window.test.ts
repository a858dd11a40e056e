// The bound of what is on its way: one large letter goes alone, and who waits is called.
import t from 'tap'
import { Window } from '../../src/dead-lettering/window.ts'

const nobody = (): void => undefined

t.test('it counts letters and bytes', async (t) => {
  const window = new Window(2, 100)
  t.ok(window.hasRoom(500, nobody), 'one larger letter goes alone')
  window.take(500)
  t.notOk(window.hasRoom(1, nobody))
  window.free(1, 500)
  window.take(60)
  t.notOk(window.hasRoom(41, nobody))
  t.ok(window.hasRoom(40, nobody))
  window.take(1)
  t.notOk(window.hasRoom(1, nobody), 'two are on their way')
})

t.test('who found no room is called once, in order, when there may be some', async (t) => {
  const window = new Window(1, 100)
  const called: string[] = []
  const [first, second] = [() => called.push('first'), () => called.push('second')]
  window.take(1)
  window.hasRoom(1, first)
  window.hasRoom(1, second)
  window.hasRoom(1, first)
  t.same(called, [])
  window.free(1, 1)
  t.same(called, ['first', 'second'])
  window.free(0, 0)
  t.same(called.length, 2)
})
