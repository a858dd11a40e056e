// The ledger of publishes against a naive one: outcomes in any order reach the right channel and
// tag once, and what is under way adds up.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { PublishLedger } from '../src/publish-ledger.ts'
import type { PublishBatch } from '../src/requests.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

function batch(bytes: number, mandatory = false): PublishBatch {
  const blob = new Uint8Array(bytes)
  return { exchange: '', routingKey: 'q', copies: [], mandatory, count: 1, blob }
}

t.test('outcomes find their channel and tag', async (t) => {
  for (let round = 0; round < 30; round++) {
    const random = new Random(seed).split(`round ${round}`)
    const ledger = new PublishLedger<string>()
    /** By sequence: the channel and the tag there. */
    const open = new Map<number, string>()
    const tags = new Map<string, number>()
    for (let step = 0; step < 400; step++) {
      const where = `seed ${seed}, round ${round}, step ${step}`
      if (random.chance(0.55)) {
        const channel = random.pick(['a', 'a', 'a', 'b', 'c'])
        // Channel c has no confirms.
        const tag = channel === 'c' ? 0 : (tags.get(channel) ?? 0) + 1
        tags.set(channel, tag)
        const sequence = ledger.add(channel, tag, batch(10, random.chance(0.05)))
        open.set(sequence, `${channel}${tag}`)
      } else if (open.size > 0) {
        const first = random.pick([...open.keys()])
        let last = first
        while (open.has(last + 1) && random.chance(0.5)) last++
        const found: string[] = []
        if (ledger.channelOf(first) !== open.get(first)?.[0]) t.fail(`the channel, ${where}`)
        for (const { run, first: from, last: to } of ledger.take(first, last)) {
          for (let at = from; at <= to; at++) {
            const tag = run.firstTag === 0 ? 0 : run.firstTag + at - run.first
            found.push(`${run.channel}${tag}`)
          }
        }
        const expected: string[] = []
        for (let at = first; at <= last; at++) {
          expected.push(open.get(at) ?? '')
          open.delete(at)
        }
        if (found.join() !== expected.join()) t.same(found, expected, where)
      }
      if (ledger.unconfirmed !== open.size) t.fail(`the number of unconfirmed ones, ${where}`)
      const [lowest = Number.POSITIVE_INFINITY] = open.keys()
      if (ledger.lowestUnconfirmed > lowest) t.fail(`the lowest unconfirmed one, ${where}`)
      if (open.size === 0 && ledger.unconfirmedBytes !== 0) t.fail(`bytes of nothing, ${where}`)
    }
  }
})

t.test('a run does not go on behind publishes that were answered and swept', async (t) => {
  const ledger = new PublishLedger<string>()
  ledger.add('a', 1, batch(1))
  // As many runs as make the ledger sweep.
  for (let i = 0; i < 200; i++) ledger.add(i % 2 === 0 ? 'b' : 'c', 0, batch(1))
  ledger.take(2, 201)
  const sequence = ledger.add('a', 2, batch(1))
  const [part] = ledger.take(sequence, sequence)
  t.match(part, { first: sequence, run: { channel: 'a', first: sequence, firstTag: 2 } })
  t.equal(ledger.unconfirmed, 1)
  t.equal(ledger.channelOf(1), 'a')
  t.equal(ledger.channelOf(100), undefined, 'it has its outcome, and is forgotten')
  t.equal(ledger.channelOf(sequence + 1), undefined, 'there is no such publish')
})

t.test('further keys count as well', async (t) => {
  const ledger = new PublishLedger<string>()
  const copies = Array.from({ length: 256 }, () => 'k'.repeat(255))
  ledger.add('a', 0, { ...batch(1), copies })
  t.ok(ledger.unconfirmedBytes > 256 * 255)
  ledger.take(1, 1)
  t.equal(ledger.unconfirmedBytes, 0)
})

t.test('a stream that never rests gives its bytes back', async (t) => {
  const ledger = new PublishLedger<string>()
  let answered = 0
  for (let sequence = 1; sequence <= 10_000; sequence++) {
    ledger.add('a', sequence, batch(1_000))
    // 50 are always under way.
    if (sequence > 50) ledger.take(++answered, answered)
  }
  t.equal(ledger.unconfirmed, 50)
  t.ok(ledger.unconfirmedBytes < 300_000, `${ledger.unconfirmedBytes}`)
})

t.test('what is mandatory is kept, alone, until it has its outcome', async (t) => {
  const ledger = new PublishLedger<string>()
  ledger.add('a', 1, batch(1))
  const kept = batch(2, true)
  ledger.add('a', 2, kept)
  ledger.add('a', 3, batch(3))
  const parts = ledger.take(1, 3)
  t.same(
    parts.map(({ run }) => run.mandatory),
    [null, kept, null]
  )
  t.same(ledger.take(1, 3), [], 'an outcome counts once')
})
