// The deck deals every card once a lap, and goes on where a stopped campaign stood.
import t from 'tap'
import { Deck } from './deck.ts'

const cards = { 'kill-leader': 3, unplug: 1, storm: 2 } as const

function deal(count: number, dealt: number, seed: number = 5): (string | null)[] {
  const deck = new Deck(cards, seed, dealt)
  return Array.from({ length: count }, () => deck.next())
}

t.test('every lap has every card', async (t) => {
  const all = ['kill-leader', 'kill-leader', 'kill-leader', 'storm', 'storm', 'unplug']
  const dealt = deal(12, 0)
  t.same(dealt.slice(0, 6).sort(), all)
  t.same(dealt.slice(6).sort(), all)
})

t.test('it goes on where it stood', async (t) => {
  t.same([...deal(4, 0), ...deal(8, 4)], deal(12, 0))
})

t.test('another seed, another order', async (t) => {
  t.notSame(deal(12, 0, 5), deal(12, 0, 6))
})

t.test('without cards there is nothing to deal', async (t) => {
  t.equal(new Deck({}, 1, 0).next(), null)
})
