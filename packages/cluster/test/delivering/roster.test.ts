// Who takes messages of a queue: found by their keys, and gone at the cost of one.
import t from 'tap'
import type { Consumer } from '../../src/delivering/consumer.ts'
import { Roster } from '../../src/delivering/roster.ts'

const queue = { settings: { singleActive: false }, active: null } as ConstructorParameters<
  typeof Roster
>[0]
const recipient = { isCongested: false } as Consumer['recipient']

function consumer(tag: string, priority = 0): Consumer {
  const counts = { unsettled: 0, mistaken: 0 }
  return {
    key: { session: '0a', tag },
    recipient,
    number: 1,
    prefetch: 1,
    autoAck: false,
    priority,
    ...counts
  }
}

t.test('a consumer is found by its key for as long as it is there, in whatever way', async (t) => {
  const roster = new Roster(queue)
  const [one, again] = [consumer('1'), consumer('1')]
  roster.add(one)
  t.equal(roster.find(one.key), one)
  roster.hold(one)
  t.equal(roster.find(one.key), one)
  t.notOk(roster.has(one))
  roster.add(again)
  t.equal(roster.find(one.key), again)
  t.ok(roster.remove(one))
  t.equal(roster.find(one.key), again, 'the other one of its name stays')
  t.ok(roster.remove(again))
  t.notOk(roster.remove(again))
  t.equal(roster.find(one.key), null)
})

t.test('those of the highest priority that is left come first', async (t) => {
  const roster = new Roster(queue)
  const [low, high, other] = [consumer('1'), consumer('2', 5), consumer('3')]
  for (const each of [low, high, other]) roster.add(each)
  t.equal(roster.next(), high)
  roster.served()
  roster.remove(high)
  t.same(roster.consumers, [low, other])
  t.equal(roster.next(), other, 'it goes on behind the one that is gone')
  roster.served()
  t.equal(roster.next(), low)
  roster.remove(low)
  roster.remove(other)
  t.equal(roster.next(), null)
})

/** The work of attaching so many consumers, and of ending them in this order. */
function work(count: number): number {
  const roster = new Roster(queue)
  const all = Array.from({ length: count }, (_, i) => consumer(`${i}`))
  const before = process.cpuUsage()
  for (const each of all) {
    if (roster.find(each.key) === null) roster.add(each)
  }
  for (const each of all) roster.remove(each)
  return process.cpuUsage(before).user
}

t.test('twenty times as many cost about twenty times as much', async (t) => {
  work(1_000)
  let fewUs = 0
  for (let part = 0; part < 20; part++) fewUs += work(1_000)
  const manyUs = work(20_000)
  t.ok(manyUs < 8 * fewUs + 20_000, `${manyUs} µs, and ${fewUs} µs in twenty parts`)
})

t.test('who goes while it asks is told that there is nothing; others who ask stay', async (t) => {
  const roster = new Roster(queue)
  const told: string[] = []
  const [gone, other] = [consumer('1'), consumer('2')]
  for (const each of [gone, other, gone]) {
    roster.hold(each)
    const answered = (isFound: boolean): number => told.push(`${each.key.tag} ${isFound}`)
    roster.ask({ consumer: each, answered })
  }
  t.equal(roster.credit, 3)
  roster.remove(gone)
  t.same(told, ['1 false', '1 false'])
  t.equal(roster.credit, 1)
  t.same(roster.takers, [other])
  t.equal(roster.firstGet?.consumer, other)
})
