// Which dead letters are brought to their targets while some cannot be: those of a shard without a
// leader, those that a shard refuses, those whose entries nobody has, those that are large.
import t from 'tap'
import { limits } from '../../src/limits.ts'
import { pass } from '../part-core.ts'
import { SourceShard } from './source-shard.ts'

function many(count: number, run: (at: number) => void): void {
  for (let at = 0; at < count; at++) run(at)
}

t.test('a shard without a leader holds up no other queue, whatever is to go there', async (t) => {
  const stuck = Array.from({ length: 20 }, (_, at) => at + 2)
  const node = new SourceShard([1, ...stuck])
  for (const queue of stuck) many(256, () => node.dies('q2', { queue, bytes: 2_000 }))
  t.equal(node.accept(), 0)
  many(300, () => node.dies('q3'))
  t.equal(node.accept(), 300)
  t.equal(node.left(), 0)
  t.equal(node.core.counters.waitingDeadLetters, 20 * 256)
})

t.test('nor others of the same queue', async (t) => {
  const node = new SourceShard()
  many(1_000, () => node.dies('q2', { bytes: 2_000 }))
  many(300, () => node.dies('q3'))
  t.equal(node.accept(), 300)
  t.equal(node.left(), 1_000)
})

t.test('nor does a shard whose disk is nearly full; it gets them a while later', async (t) => {
  const node = new SourceShard()
  many(600, () => node.dies('q3'))
  const [first, ...others] = node.forwarded()
  t.equal(others.length + 1, limits.deadLettersMax, 'as many as are on their way at once')
  const refusal = { type: 'refused', code: 'DISK_LOW', details: {} } as const
  for (const { number = 0 } of [first ?? { number: 0 }, ...others]) {
    node.answer(3, { ...refusal, number })
  }
  t.same(node.forwarded(), [], 'it rests')
  t.equal(node.left(), 600)
  pass(node.core, 1_000)
  node.core.timers.tick()
  t.equal(node.accept(), 600)
  t.equal(node.left(), 0)
})

t.test('what a shard refuses of one queue waits by itself', async (t) => {
  const node = new SourceShard([1, 2])
  node.dies('q3')
  const [{ number = 0 } = {}] = node.forwarded()
  node.answer(3, { type: 'refused', number, code: 'LIMIT_REACHED', details: {} })
  node.dies('q3', { queue: 2 })
  node.dies('q3')
  t.equal(node.accept(), 2)
  pass(node.core, 1_000)
  node.core.timers.tick()
  t.equal(node.accept(), 1)
})

t.test(
  'those that lead nowhere wait, while this node is not current, for themselves',
  async (t) => {
    const node = new SourceShard([1, 2, 3])
    const waiting: ((isCurrent: boolean) => void)[] = []
    node.core.fence.wait = (done) => waiting.push(done)
    many(600, () => node.dies('nowhere', { queue: 2 }))
    many(600, () => node.dies('nowhere', { queue: 3 }))
    many(300, () => node.dies('q3'))
    t.equal(node.accept(), 300)
    t.equal(node.left(2) + node.left(3), 1_200)
    many(10, () => {
      for (const done of waiting.splice(0)) done(true)
      node.accept()
    })
    t.equal(node.left(2) + node.left(3), 0)
    t.equal(node.core.counters.droppedDeadLetters, 1_200)
  }
)

t.test('those whose entries are lost let all others pass, and come when found', async (t) => {
  const node = new SourceShard()
  const lost = new Set<number>()
  node.body = (data, index) => (lost.has(index) ? 'lost' : data)
  many(5_000, () => lost.add(node.dies('q3')))
  many(300, () => node.dies('q3'))
  t.equal(node.accept(), 300)
  t.equal(node.left(), 5_000)
  lost.clear()
  node.found()
  t.equal(node.accept(), 5_000)
  t.equal(node.left(), 0)
})

t.test('entries that have to be read hold up nothing for good', async (t) => {
  const node = new SourceShard([1, 2])
  const read = new Set<number>()
  node.body = (data, index) => {
    if (read.delete(index)) return data
    read.add(index)
    return 'reading'
  }
  many(300, () => node.dies('q3'))
  many(300, () => node.dies('q3', { queue: 2 }))
  let taken = 0
  for (let round = 0; round < 1_500; round++) {
    taken += node.accept()
    node.found()
  }
  t.equal(taken, 600)
  t.equal(node.left() + node.left(2), 0)
})

t.test('the end of leadership frees no room for what is still on its way', async (t) => {
  const node = new SourceShard()
  many(256, () => node.dies('q2'))
  node.forwarded()
  const { deadLettering } = node.core
  many(3, () => {
    deadLettering.leadershipChanged(1, false)
    node.lead()
    node.forwarded()
  })
  node.core.reports.leadership = () => ({ leader: 2, term: 1 })
  t.equal(node.forwarded().length, 256)
})

t.test('what was held gives its room back when leadership ends, or its queue', async (t) => {
  const node = new SourceShard([1, 2, 3])
  const { core } = node
  const waiting: ((isCurrent: boolean) => void)[] = []
  core.fence.wait = (done) => waiting.push(done)
  const fence = (): void => {
    while (waiting.length > 0) {
      for (const done of waiting.splice(0)) done(true)
      node.forwarded()
    }
  }
  many(limits.deadLettersMax, () => node.dies('nowhere'))
  node.forwarded()
  core.deadLettering.leadershipChanged(1, false)
  node.lead()
  node.forwarded()
  fence()
  t.equal(node.left(), 0)
  many(limits.deadLettersMax, () => node.dies('nowhere', { queue: 2 }))
  node.forwarded()
  node.dies('nowhere', { queue: 3 })
  node.forwarded()
  const changes = [{ type: 'delete-queue', cursor: 4, queue: 2 } as const]
  node.command({ type: 'topology', upTo: 4, changes })
  node.forwarded()
  fence()
  t.equal(node.left(3), 0, 'it had waited for room')
})

t.test('a letter larger than all that may be on its way gets its turn', async (t) => {
  const node = new SourceShard([1, 2])
  many(256, () => node.dies('q3'))
  const heard = node.forwarded()
  node.dies('q3', { queue: 2, bytes: limits.deadLetterBytesMax + 1 })
  many(256, () => node.dies('q3'))
  const [first] = heard
  node.answer(3, { type: 'accepted', first: first?.number ?? 0, last: first?.number ?? 0 })
  const [next] = node.forwarded()
  t.equal(node.left(2), 1)
  node.answer(3, { type: 'accepted', first: (first?.number ?? 0) + 1, last: next?.number ?? 0 })
  node.forwarded()
  t.equal(node.left(2), 0, 'before those that came after it')
  t.ok(node.left() >= 255)
})

t.test('no more are brought than can be removed', async (t) => {
  const node = new SourceShard()
  node.isCommitting = false
  many(5_000, () => node.dies('q3'))
  t.equal(node.accept(), 4_096 + 256)
})

t.test('that letters are dropped is said once', async (t) => {
  const node = new SourceShard()
  node.core.fence.wait = (done) => done(true)
  node.core.outputs.length = 0
  const said: string[] = []
  many(3, () => {
    node.dies('nowhere')
    many(3, () => node.core.deadLettering.flush())
    for (const output of node.core.outputs.splice(0)) {
      if (output.type === 'log' && output.level === 'warn') said.push(output.message)
    }
  })
  t.equal(node.left(), 0)
  t.equal(node.core.counters.droppedDeadLetters, 3)
  t.equal(said.length, 1)
})

t.test('letters that wait for a lease go on with it, also where nobody grants one', async (t) => {
  const node = new SourceShard([1], 'amq.direct')
  const { core, lease } = node
  const waiting: ((isCurrent: boolean) => void)[] = []
  core.fence.wait = (done) => waiting.push(done)
  node.dies('nowhere')
  t.equal(node.accept(), 0)
  lease.isValid = false
  for (const done of waiting.splice(0)) done(true)
  node.dies('q3')
  t.equal(node.accept(), 0)
  core.deadLettering.tick()
  t.equal(node.accept(), 0)
  t.equal(node.left(), 2)
  lease.isValid = true
  core.deadLettering.tick()
  t.equal(node.accept(), 1)
  t.equal(node.left(), 0)
  t.equal(core.counters.droppedDeadLetters, 1)
})
