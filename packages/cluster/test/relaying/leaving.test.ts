// A relayed consumer that ends while its queue changes leaders, or something of it is under way.
import t, { type Test } from 'tap'
import { times } from '../../src/limits.ts'
import { refusal } from '../../src/sessions/responder.ts'
import { attachmentOf, lost, makeSettling, type SettlingConsumer } from './made-consumer.ts'

/** The next leader hears what was settled before, and then of the end. */
function isToldNext(t: Test, { consumer, said, answer, later }: SettlingConsumer): void {
  later(times.retryMs)
  t.match(said(), [{ type: 'relay-attach', isIdle: true, resume: [1, 2, 0] }])
  answer('relay-attach')
  t.match(said(), [{ type: 'relay-settle', ranges: [1, 1, 0] }, { type: 'relay-detach' }])
  answer('relay-detach')
  t.ok(consumer.isEnded)
  t.same(said(), [])
}

t.test('what who goes has settled while no leader was there the next one is told', async (t) => {
  const { consumer, said, answer, later, ended } = makeSettling()
  consumer.lost(lost)
  let isReleased = false
  consumer.release(() => {
    isReleased = true
  })
  t.ok(isReleased, 'who waits for its end does not wait for a leader')
  later(times.retryMs)
  const attaching = said()
  t.match(attaching, [{ type: 'relay-attach', isIdle: true, resume: [1, 2, 0] }])
  answer('relay-attach')
  const attachment = attachmentOf(attaching)
  const [settle, ...rest] = said()
  t.match(settle, { type: 'relay-settle', attachment, ranges: [1, 1, 0] })
  t.match(rest, [{ type: 'relay-detach', attachment }])
  answer('relay-detach')
  later(times.requestTimeoutMs)
  t.same(said(), [], 'that was all')
  t.same(ended, [], 'its client is told nothing of it')
})

t.test('the same if its leader goes before it has answered', async (t) => {
  const made = makeSettling()
  const { consumer, attachment, said, answer, settled } = made
  let isReleased = false
  consumer.release(() => {
    isReleased = true
  })
  t.match(said(), [{ type: 'relay-detach', attachment }], 'right behind what was settled')
  t.equal(settled(), 0)
  answer('relay-detach', { type: 'error', error: refusal('NOT_LEADER', { group: 1, leader: 3 }) })
  t.equal(settled(), 1)
  t.ok(isReleased)
  isToldNext(t, made)
})

t.test('the same if its leader knows it no more when it is told of its end', async (t) => {
  const made = makeSettling()
  const { core, consumer, attachment, said, answer, settled } = made
  let isReleased = false
  consumer.release(() => {
    isReleased = true
  })
  said()
  core.gatewayRelay.ended(attachment, refusal('NOT_LEADER', { group: 1, leader: 3 }))
  t.equal(settled(), 1, 'nobody knows when it will be')
  answer('relay-detach')
  t.ok(isReleased)
  isToldNext(t, made)
})

t.test('who goes is detached once where its leader answers', async (t) => {
  const { consumer, attachment, said, answer, deliver, delivered, settled } = makeSettling()
  const before = delivered.length
  consumer.release()
  said()
  deliver(attachment, 3)
  t.equal(delivered.length, before, 'nobody gets what was on its way')
  said()
  answer('relay-detach')
  t.equal(settled(), 1)
  t.ok(consumer.isEnded)
  t.same(said(), [])
})

t.test(
  'who goes is forgotten where its leader is lost once all it has settled is answered',
  async (t) => {
    const { consumer, said, later, ended } = makeSettling()
    consumer.settle('accepted', [2, 2, 0])
    consumer.release()
    for (const one of said()) if (one.type === 'relay-settle') consumer.settled(one.settleSequence)
    consumer.settled(1)
    consumer.lost(lost)
    t.ok(consumer.isEnded, 'nothing is left to be told, and nobody will ask for its end again')
    t.match(said(), [{ type: 'relay-detach' }], 'a leader may believe in it')
    later(times.requestTimeoutMs)
    t.same(said(), [])
    t.same(ended, [])
  }
)

t.test('a new leader is told when all is claimed that is held here', async (t) => {
  const { core, consumer, said, answer, later } = makeSettling()
  const answers: string[] = []
  const ask = (from: number, group: number, name: string): void => {
    core.gatewayRelay.roll(from, group, () => answers.push(name))
  }
  ask(2, 1, 'the leader')
  ask(3, 9, 'of another shard')
  t.same(answers, ['the leader', 'of another shard'])
  ask(3, 1, 'one that leads next')
  consumer.lost(lost)
  ask(2, 1, 'one that leads after that')
  t.equal(answers.length, 2, 'what is held is not claimed there')
  later(times.retryMs)
  said()
  answer('relay-attach')
  t.same(answers.slice(2), ['one that leads after that'], 'who asked before is answered no more')
  consumer.lost(lost)
  ask(2, 1, 'the last')
  consumer.revoke(lost)
  t.same(answers.slice(3), ['the last'], 'nor does anybody wait for who has ended')
})

t.test('who goes looks for a leader only so long', async (t) => {
  const { consumer, said, answer, later, ended } = makeSettling()
  consumer.lost(lost)
  consumer.release()
  for (let passed = 0; passed < times.requestTimeoutMs; passed += times.retryMs) {
    later(times.retryMs)
    said()
    answer('relay-attach', { type: 'error', error: lost })
  }
  later(times.retryMs)
  t.ok(consumer.isEnded)
  t.same(ended, [])
  said()
  later(times.requestTimeoutMs)
  t.same(said(), [])
})
