// From the metadata to the shards: real machines on both sides, and a shard that loses the end of
// its log.
import {
  decodeCommandSection,
  encodeCommandSection,
  encodeEntryBatch,
  encodeMetadataCommand,
  type MetadataCommand,
  MetadataMachine,
  packMetadataBatch,
  type ShardCommand,
  ShardMachine
} from '@holdfast/broker'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { coreWith, pass } from '../part-core.ts'

const vhost = '/'
const group = 1

interface World {
  readonly core: Core
  readonly metadata: MetadataMachine
  /** Has its own log. */
  shard: ShardMachine
  /** Commands that the driver sent, which nobody has answered yet. */
  readonly sent: ShardCommand[]
  change(...commands: readonly MetadataCommand[]): void
  /** The shard says what it lacks. */
  report(...queues: readonly number[]): void
  /** The driver does what is due, and the shard takes what is sent. */
  work(): void
  idOf(name: string): number
}

function make(): World {
  const metadata = new MetadataMachine()
  let index = 0
  const change: World['change'] = (...commands) => {
    index += 1
    metadata.apply({ index, term: 1 }, packMetadataBatch(1, commands.map(encodeMetadataCommand)))
  }
  const addresses = { client: 'c', peer: 'p', http: 'h' }
  const clusterId = 'c'.repeat(32)
  change({ type: 'initialise', clusterId, storeId: '0'.repeat(32), addresses, shards: 2 })
  const sent: ShardCommand[] = []
  let reported: readonly number[] = []
  const core = coreWith({
    metadata: {
      machine: metadata,
      isLeading: true,
      propose: (command: MetadataCommand) => change(command),
      answerWaiters: () => undefined
    },
    reports: { lacking: () => (reported.length === 0 ? [] : [[group, reported]]) },
    shards: {
      submit: (_group: number, command: ShardCommand, done: (reply: object) => void) => {
        sent.push(command)
        apply(world.shard, command)
        done({ type: 'done' })
      }
    }
  })
  const world: World = {
    core,
    metadata,
    shard: new ShardMachine({ group }),
    sent,
    change,
    report: (...queues) => {
      reported = queues
    },
    work: () => {
      pass(core, times.statusRepeatMs)
      core.topologyDriver.flush()
      core.topologyDriver.tick()
    },
    idOf: (name) => metadata.topology.queue(vhost, name)?.id ?? 0
  }
  return world
}

function apply(shard: ShardMachine, command: ShardCommand): void {
  const section = encodeCommandSection(command)
  const index = shard.appliedIndex + 1
  const data = encodeEntryBatch(1, [section])
  t.same(decodeCommandSection(section, 0), command, 'it survives its way')
  shard.apply({ index, term: 1 }, data)
}

function declare(name: string): MetadataCommand {
  return { type: 'declare-queue', vhost, name, options: {}, group }
}

/** What a shard has after the end of its log is gone, before `lost` was created. */
function loseAll(world: World): void {
  world.shard = new ShardMachine({ group })
}

function namesIn({ shard }: World): string[] {
  return shard.queues().map(({ name }) => name)
}

t.test('what a shard lost after it took it over is created there again', async (t) => {
  const world = make()
  world.change(declare('a'), declare('b'))
  world.work()
  world.work()
  t.same(world.metadata.outboxes(), [], 'acknowledged')
  loseAll(world)
  world.change(declare('c'))
  world.work()
  t.same(namesIn(world), ['c'], 'what is newer does not bring the others')
  world.report(world.idOf('a'), world.idOf('b'))
  world.work()
  t.same(namesIn(world).sort(), ['a', 'b', 'c'])
})

t.test('a report that is out of date does no harm', async (t) => {
  const world = make()
  world.change(declare('a'), declare('b'))
  world.work()
  const [a, b] = [world.idOf('a'), world.idOf('b')]
  world.report(a, b, 12_345)
  world.change({ type: 'delete-queue', vhost, name: 'a', queue: a })
  world.work()
  world.work()
  t.same(namesIn(world), ['b'], 'a queue that was deleted does not come back')
  world.report()
  const count = world.sent.length
  world.work()
  t.equal(world.sent.length, count)
})

t.test('a leader that is deposed brings no queue back that was deleted since', async (t) => {
  const old = make()
  old.change(declare('a'))
  old.work()
  old.work()
  const a = old.idOf('a')
  // The next leader deletes it, and the shard hears of that first.
  const cursor = old.metadata.lastCursor + 1
  apply(old.shard, {
    type: 'topology',
    upTo: cursor,
    changes: [{ type: 'delete-queue', cursor, queue: a }]
  })
  old.report(a)
  old.work()
  t.equal(old.sent.at(-1)?.type, 'topology')
  t.same(namesIn(old), [])
})

t.test('what is on its way already is not stated', async (t) => {
  const world = make()
  world.change(declare('a'))
  world.report(world.idOf('a'))
  world.core.topologyDriver.tick()
  t.same(world.sent, [])
})

t.test('while a shard goes on to lack a queue it is told now and then', async (t) => {
  const world = make()
  world.change(declare('a'))
  world.work()
  world.work()
  const count = world.sent.length
  world.report(world.idOf('a'))
  for (let waitedMs = 0; waitedMs < 2 * times.statusRepeatMs; waitedMs += times.reconcileMs) {
    pass(world.core, times.reconcileMs)
    world.core.topologyDriver.tick()
  }
  t.equal(world.sent.length, count + 2)
})
