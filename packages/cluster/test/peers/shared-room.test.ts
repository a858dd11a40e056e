// Room on the way to peers that several senders share, in turn.
import t from 'tap'
import { SharedRoom } from '../../src/peers/shared-room.ts'

const here = 1
const there = 2

/** Senders a, b, c, each with what it has under way to either peer. */
function roomOf(bytesMax: number): {
  room: SharedRoom<string>
  underWay: Map<number, number>
  look: (wishes: Readonly<Record<string, number>>, peer?: number) => string
} {
  const underWay = new Map<number, number>()
  const room = new SharedRoom<string>(bytesMax, (peer) => underWay.get(peer) ?? 0)
  /** Everybody asks for as much as it wishes: who is admitted, in order. */
  const look = (wishes: Readonly<Record<string, number>>, peer = here): string => {
    let admitted = ''
    for (const sender of room.inTurn(['a', 'b', 'c'])) {
      const bytes = wishes[sender]
      if (bytes === undefined || !room.admits(sender, peer, bytes)) continue
      underWay.set(peer, (underWay.get(peer) ?? 0) + bytes)
      admitted += sender
    }
    return admitted
  }
  return { room, underWay, look }
}

t.test('what is under way to a peer is bounded over all senders', async (t) => {
  const { look, underWay } = roomOf(10)
  t.equal(look({ a: 4, b: 6, c: 1 }), 'ab')
  t.equal(look({ c: 1 }), '')
  t.equal(look({ c: 1 }, there), 'c', 'to another there is room')
  underWay.set(here, 9)
  t.equal(look({ c: 1 }), 'c')
})

t.test('one item of any size goes where nothing else is under way', async (t) => {
  const { look, underWay } = roomOf(10)
  t.equal(look({ a: 50, b: 50 }), 'a')
  underWay.set(here, 0)
  t.equal(look({ a: 50, b: 50 }), 'b', 'in turn')
})

t.test('nobody behind one in line takes what comes free', async (t) => {
  const { look, underWay } = roomOf(10)
  t.equal(look({ a: 8, b: 8, c: 1 }), 'a')
  underWay.set(here, 5)
  t.equal(look({ a: 1, b: 8, c: 1 }), '', 'b is first, and does not fit')
  underWay.set(here, 1)
  t.equal(look({ a: 1, b: 8, c: 1 }), 'bc', 'then who asked next')
  underWay.set(here, 0)
  t.equal(look({ a: 1, b: 8, c: 1 }), 'abc')
})

t.test('who has gone, or wants nothing any more, holds up nobody', async (t) => {
  const { room, look, underWay } = roomOf(10)
  t.equal(look({ a: 10, b: 8, c: 1 }), 'a')
  t.same([...room.inTurn(['a', 'c'])], ['c', 'a'])
  underWay.set(here, 9)
  t.equal(look({ c: 1 }), 'c')
})
