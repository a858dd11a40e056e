// The end of a relayed consumer at its leader, while links to its gateway come and go, and what the
// log has to know of it.
import type { QueueView, SectionReply, ShardCommand } from '@holdfast/broker'
import t from 'tap'
import { type Consumer, type ConsumerKey, keyText } from '../../src/delivering/consumer.ts'
import { limits, times } from '../../src/limits.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, linkTo, pass } from '../part-core.ts'
import { attach, gateway, key, leader, run } from './made-leader.ts'

t.test('what was attached over a link that broke waits for the gateway, not for a link', (t) => {
  const { core, seen, isCongested, relay } = leader()
  linkTo(core, gateway)
  relay.attach(gateway, { ...attach, attachment: 5 }, () => undefined)
  t.equal(isCongested(), false)

  relay.linkDown(gateway)
  relay.linkUp(gateway)
  t.equal(isCongested(), true)
  t.same(seen, [])

  pass(core, times.reattachGraceMs + 1)
  relay.tick()
  t.same(seen, ['detach 1/7'])
  t.end()
})

t.test('the last consumer of an auto-delete queue may be away for longer', (t) => {
  const { core, seen, relay } = leader()
  const settings = { autoDelete: true }
  const consumers = new Map([[keyText(key), key]])
  const machine = { queue: () => ({ settings, consumers }) }
  linkTo(core, gateway)
  relay.attach(gateway, { ...attach, attachment: 5 }, () => undefined)
  Object.assign(core, { groups: { shardHost: () => ({ machine }) } })
  relay.linkDown(gateway)
  pass(core, times.lastConsumerGraceMs - 1)
  relay.tick()
  t.same(seen, [], 'the queue would go with it')
  consumers.set('another', key)
  relay.tick()
  t.same(seen, ['detach 1/7'], 'another is there, and waits')
  t.end()
})

const mebibyte = 2 ** 20

/** Six consumers of one client, on as many queues from 1 on; all there at once. */
function crowd() {
  const { core, attached, seen, relay } = leader()
  linkTo(core, gateway)
  for (let at = 1; at <= 6; at++) {
    const consumer = { ...key, tag: `${at}` }
    relay.attach(gateway, { ...attach, queue: at, consumer, attachment: at }, () => undefined)
  }
  const blob = new Uint8Array(limits.deliverBytesMax)
  /** Gives each of these as much as it takes now; how many bytes that was. */
  const feed = (queues: readonly number[]): number => {
    let bytes = 0
    for (const queue of queues) {
      const { recipient, number = queue } = attached[queue - 1] ?? {}
      for (; recipient?.isCongested === false; bytes += blob.length) {
        recipient.deliver({ ...run, consumer: number, blob })
      }
    }
    return bytes
  }
  /** Queues that were woken since the last look, in order. */
  const woken = (): number[] => seen.splice(0).map((said) => Number(said.split('/')[1]))
  return { relay, feed, woken }
}

for (const end of ['taken', 'detach'] as const) {
  t.test(`a consumer whose client had too much gets its share later; ${end}`, async (t) => {
    const { relay, feed, woken } = crowd()
    t.equal(feed([1, 2, 3, 4]), mebibyte)
    t.equal(feed([5, 6]), 0)
    for (const at of [1, 2, 3, 4]) {
      if (end === 'taken') relay.taken(gateway, at, limits.relayedBytesMax)
      else relay.detach(gateway, at, () => undefined)
    }
    t.same(
      woken().filter((queue) => queue > 4),
      [5, 6]
    )
    t.equal(feed([5, 6]), mebibyte / 2)
  })
}

t.test('who has much does not take the room for which others wait', async (t) => {
  const { relay, feed, woken } = crowd()
  t.equal(feed([1, 2, 3, 4, 5]), mebibyte)
  relay.taken(gateway, 1, limits.relayedBytesMax)
  t.equal(feed(woken()), 0)
  relay.taken(gateway, 2, limits.relayedBytesMax)
  const line = woken()
  t.same(line, [5, 1, 2])
  t.equal(feed(line.slice(0, 1)), limits.relayedBytesMax)
})

/** A leader of a queue, with whom the log knows as its consumers. */
function withLog(...known: readonly ConsumerKey[]) {
  const consumers = new Map(known.map((consumer) => [keyText(consumer), consumer]))
  const queue = {
    id: 7,
    consumers,
    mark: 0,
    dead: { count: 0 },
    settings: { expiresMs: 0, singleActive: false, lengthLimit: null, maxPriority: 0 },
    nextLive: () => null
  } as unknown as QueueView
  const proposed: { command: ShardCommand; done: (reply: SectionReply) => void }[] = []
  const machine = { queues: () => [queue], queue: () => queue }
  const core = coreWith({
    groups: { shardHost: () => ({ machine }), shard: () => ({ hasLease: true, isLeading: true }) },
    reports: { locate: () => 1 },
    shards: {
      propose: (_: number, command: ShardCommand, done: (reply: SectionReply) => void) => {
        proposed.push({ command, done })
        return true
      }
    }
  })
  linkTo(core, gateway)
  core.deliveries.leadershipChanged(1, true)
  const answers: CallResult[] = []
  const come = (attachment: number, isIdle: boolean): void => {
    core.leaderRelay.attach(gateway, { ...attach, attachment, isIdle }, (result) => {
      answers.push(result)
    })
  }
  /** The log has the first command that it does not have. */
  const commit = (): void => proposed.shift()?.done({ type: 'done' })
  return { core, proposed, answers, come, commit }
}

t.test('who comes back without being a consumer any more is none in the log', async (t) => {
  const { proposed, answers, come, commit } = withLog(key)
  come(1, true)
  t.match(proposed, [{ command: { type: 'detach-consumer', consumer: key, release: [] } }])
  t.same(answers, [], 'it is attached when the log has that')
  commit()
  t.same(answers, [{ type: 'done' }])
})

t.test('its end follows an attachment that is on its way through the log', async (t) => {
  const { core, proposed, answers, come, commit } = withLog()
  come(1, false)
  core.leaderRelay.linkDown(gateway)
  come(2, true)
  t.match(proposed, [
    { command: { type: 'attach-consumer' } },
    { command: { type: 'detach-consumer' } }
  ])
  commit()
  commit()
  t.same(answers, [{ type: 'done' }, { type: 'done' }])
  t.equal(core.deliveries.counts(1, 7)?.consumers, 0)
})

t.test('who never was a consumer is attached at once', async (t) => {
  const { proposed, answers, come } = withLog()
  come(1, true)
  t.same(proposed, [])
  t.same(answers, [{ type: 'done' }])
})

t.test('who waits for a message of a queue that is deleted has its answer then', async (t) => {
  // The queue does not know yet what its consumer holds, and gives nobody anything.
  const { core } = withLog(key)
  const answers: CallResult[] = []
  const to = { group: 1, queue: 7, consumer: { session: 'other', tag: '1' }, attachment: 3 }
  core.leaderRelay.get(gateway, { type: 'relay-get', ...to }, (result) => answers.push(result))
  t.same(answers, [])
  core.deliveries.applied(1, [{ type: 'queue-deleted', queue: 7 }])
  t.match(answers, [{ type: 'got', isFound: false }])
})

t.test('the end of the last consumer is told when its queue is deleted, or in time', async (t) => {
  const queue = { id: 7, vhost: '/', name: 'q', isOver: true, settings: { deadLetter: null } }
  const machine = { queues: () => [queue], queue: () => queue, nextDeadlineMs: Infinity }
  const deletions: ((result: object) => void)[] = []
  const ends = (_group: number, _queue: number, _consumer: Consumer, done: () => void): void =>
    done()
  const core = coreWith({
    groups: { shardHost: () => ({ machine }) },
    deliveries: { expects: () => false, attach: () => true, detach: ends, stop: ends },
    metadata: { submit: (_: object, done: (result: object) => void) => deletions.push(done) }
  })
  const relay = core.leaderRelay
  const told: string[] = []
  for (const attachment of [5, 6]) relay.attach(gateway, { ...attach, attachment }, () => undefined)
  relay.stop(gateway, 5, () => told.push('unused'))
  t.same(told.splice(0), ['unused'], 'the queue has not ended')
  core.lifetimes.leadershipChanged(1, true)
  relay.stop(gateway, 5, () => told.push('stopped'))
  relay.detach(gateway, 6, () => told.push('detached'))
  t.same(told, [])
  deletions[0]?.({ reply: {} })
  t.same(told.splice(0), ['stopped', 'detached'])
  core.lifetimes.applied(1, [{ type: 'queue-over', queue: 7 }])
  relay.stop(gateway, 5, () => told.push('stopped'))
  pass(core, times.callTimeoutMs)
  core.timers.tick()
  t.same(told, ['stopped'], 'the metadata has no leader')
})

t.test('a consumer that may hold more is given it at once', (t) => {
  const { core, attached, seen, relay } = leader()
  linkTo(core, gateway)
  relay.attach(gateway, { ...attach, attachment: 5 }, () => undefined)
  relay.setPrefetch(gateway, 5, 20)
  t.match(attached, [{ prefetch: 20 }])
  t.same(seen, ['wake 1/7'])
  relay.setPrefetch(gateway, 6, 30)
  t.same(seen, ['wake 1/7'], 'one that it does not know is passed over')
  t.end()
})
