// Whose turn it is: by priority while there is credit, around among equals, and only the active one
// where one is active at a time.
import { plainSettings as settings } from '@holdfast/broker'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { AttachedConsumers } from '../../src/delivering/attached-consumers.ts'
import type { Consumer } from '../../src/delivering/consumer.ts'

const recipient = { isCongested: false } as Consumer['recipient']

function consumer(tag: string, priority = 0, prefetch = 1): Consumer {
  const key = { session: '0a', tag }
  const counts = { unsettled: 0, mistaken: 0 }
  return { key, recipient, number: 1, prefetch, autoAck: false, priority, ...counts }
}

/** The tags of those who are given one message each, until nobody may have one. */
function order(consumers: AttachedConsumers, countMax = 100): string {
  let tags = ''
  for (let given = 0; given < countMax; given++) {
    const next = consumers.next()
    if (next === null) break
    next.unsettled += 1
    consumers.served()
    tags += next.key.tag
  }
  return tags
}

function attached(...all: readonly Consumer[]): AttachedConsumers {
  const consumers = new AttachedConsumers({ settings, active: null })
  for (const each of all) consumers.add(each)
  return consumers
}

t.test('among equals it goes round', async (t) => {
  t.equal(order(attached(consumer('a', 0, 3), consumer('b', 0, 3))), 'ababab')
  t.equal(order(attached()), '')
})

t.test('who is only asked keeps the turn', async (t) => {
  const consumers = attached(consumer('a', 0, 9), consumer('b', 0, 9))
  // One message at a time: behind each, somebody is looked for and there is nothing to give.
  let tags = ''
  for (let given = 0; given < 4; given++) {
    tags += order(consumers, 1)
    consumers.next()
  }
  t.equal(tags, 'abab')
})

t.test('a higher priority comes first, for as long as it has credit', async (t) => {
  const [low, high, least] = [consumer('l', 0, 2), consumer('h', 5, 3), consumer('z', -9, 1)]
  const consumers = attached(low, high, least)
  t.equal(order(consumers), 'hhhllz')
  high.unsettled = 2
  low.unsettled = 0
  t.equal(order(consumers, 2), 'hl')
  t.ok(consumers.remove(high))
  t.notOk(consumers.remove(high))
  t.equal(order(consumers), 'l')
})

t.test('equals take turns also behind one of a higher priority that is full', async (t) => {
  const high = { ...consumer('h', 5), unsettled: 1 }
  const equals = [consumer('a', 0, 3), consumer('b', 0, 3), consumer('c', 0, 3)]
  t.equal(order(attached(high, ...equals)), 'abcabcabc')
})

t.test('only the active one is given anything, where there is one', async (t) => {
  const queue = { settings: { ...settings, singleActive: true }, active: '0a/b' as string | null }
  const consumers = new AttachedConsumers(queue)
  for (const each of [consumer('a', 9, 5), consumer('b', 0, 2)]) consumers.add(each)
  t.equal(order(consumers), 'bb')
  queue.active = null
  t.equal(order(consumers), '')
  queue.active = '0a/a'
  t.equal(order(consumers, 3), 'aaa')
})

t.test('nobody waits while one of a lower rank is given something', async (t) => {
  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const random = new Random(seed)
  const consumers = attached()
  let all: Consumer[] = []
  for (let round = 0; round < 3000 && t.passing(); round++) {
    const some = all.length > 0 ? random.pick(all) : null
    if (some === null || random.chance(0.05)) {
      all.push(consumer(`${round}`, random.integer(-2, 2), random.integer(1, 4)))
      consumers.add(all[all.length - 1] as Consumer)
    } else if (random.chance(0.03)) {
      consumers.remove(some)
      all = all.filter((each) => each !== some)
    } else if (random.chance(0.4)) some.unsettled = 0
    const ready = all.filter(({ unsettled, prefetch }) => unsettled < prefetch)
    const highest = Math.max(...ready.map(({ priority }) => priority))
    const next = consumers.next()
    if (next === null) {
      if (ready.length > 0) t.fail(`nobody is given anything in round ${round}`)
    } else {
      const isRight = next.priority === highest && ready.includes(next)
      if (!isRight) t.fail(`the wrong one is given something in round ${round}`)
      next.unsettled += 1
    }
  }
})
