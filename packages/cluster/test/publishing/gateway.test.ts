// The gateway: where a publish goes under a lease, and what its origin is told once every shard has
// answered.
import {
  encodeMetadataCommand,
  type MetadataCommand,
  MetadataMachine,
  packMetadataBatch,
  type QueueTarget,
  readSectionAlone
} from '@holdfast/broker'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { limits } from '../../src/limits.ts'
import type { ForwardOutcome } from '../../src/peers/peer-codec.ts'
import { type Batch, createPublish, type Publish } from '../../src/publishing/publish.ts'
import { coreWith, sent } from '../part-core.ts'

const vhost = '/'
const epoch = 7
const options = {}

interface World {
  readonly core: Core
  readonly lease: { isValid: boolean }
  /** Outcomes as the origin was told: what, and from which sequence. */
  readonly told: string[]
  /** Groups that know a later process. */
  readonly outlived: number[]
  change(...commands: readonly MetadataCommand[]): void
  queue(name: string): QueueTarget
  publish(exchange: string, routingKey: string, isMandatory?: boolean, bytes?: number): Publish
  answer(group: number, ...outcomes: readonly ForwardOutcome[]): void
}

/** Node 1, whose gateway is open; q1 is in shard 1, q2 in shard 2, each led by node 2. */
function make(): World {
  const machine = new MetadataMachine()
  let index = 0
  const change = (...commands: readonly MetadataCommand[]): void => {
    index++
    machine.apply({ index, term: 1 }, packMetadataBatch(1, commands.map(encodeMetadataCommand)))
  }
  const addresses = { client: 'c', peer: 'p', http: 'h' }
  const clusterId = 'c'.repeat(32)
  change({ type: 'initialise', clusterId, storeId: '0'.repeat(32), addresses, shards: 2 })
  change(declare('q1', 1), declare('q2', 2))
  change({ type: 'declare-exchange', vhost, name: 'fan', kind: 'fanout', options })
  change(bind('q1'), bind('q2'))
  const lease = { isValid: true }
  const outlived: number[] = []
  const core = coreWith({
    lease,
    metadata: { machine },
    regression: { outlived: (group: number) => outlived.push(group) },
    reports: { leadership: () => ({ leader: 2, term: 1 }) }
  })
  core.gateway.open(epoch)
  const told: string[] = []
  const queue = (name: string): QueueTarget => {
    const target = machine.topology.queue(vhost, name)
    if (target === null) throw new Error(`no queue ${name}`)
    return target
  }
  const publish: World['publish'] = (exchange, routingKey, isMandatory = false, bytes = 10) => {
    return publishOf(told, exchange, routingKey, { mandatory: isMandatory, bytes })
  }
  const answer: World['answer'] = (group, ...outcomes) => {
    core.gateway.result({ type: 'forward-result', group, epoch, outcomes })
  }
  return { core, lease, told, outlived, change, queue, publish, answer }
}

function declare(name: string, group: number): MetadataCommand {
  return { type: 'declare-queue', vhost, name, options, group }
}

function bind(name: string): MetadataCommand {
  const destination = { type: 'queue', name } as const
  return { type: 'bind', vhost, source: 'fan', destination, bindingKey: '', arguments: {} }
}

function publishOf(
  told: string[],
  exchange: string,
  routingKey: string,
  { mandatory, bytes }: { readonly mandatory: boolean; readonly bytes: number }
): Publish {
  const origin = {
    vhost,
    producer: { id: new Uint8Array(16), epoch: 1 },
    publishRefusal: () => null,
    confirmed: () => told.push('confirmed'),
    failed: (_batch: Batch, error: { code: string }) => told.push(error.code),
    returned: () => told.push('returned')
  }
  const sequences = { first: true, firstSequence: 1, lowestUnconfirmed: 1, count: 1 }
  const route = { exchange, routingKey, copies: [], mandatory }
  const batch = { ...route, ...sequences, blob: new Uint8Array(bytes) }
  return createPublish(origin, batch, () => undefined)
}

const wayTo = (exchange: string, routingKey: string, copies: readonly string[] = []) => ({
  exchange,
  routingKey,
  copies,
  blob: new Uint8Array(0)
})

/** Routes and sends, as a session does. */
function send({ core }: World, publish: Publish): void {
  const routing = core.gateway.route(vhost, publish.batch)
  if (routing.type !== 'targets') throw new Error(`routed: ${routing.type}`)
  core.gateway.send(publish, routing.targets)
}

/** What was forwarded since the last look: `[group, queues]` of each section. */
function forwarded({ core }: World): [number, number[]][] {
  core.gateway.flush()
  return sent(core).flatMap(({ message }) => {
    if (message.type !== 'forward') return []
    return message.sections.map(({ bytes }): [number, number[]] => {
      return [message.group, [...readSectionAlone(bytes).queues]]
    })
  })
}

function accepted(number: number): ForwardOutcome {
  return { type: 'accepted', first: number, last: number }
}

t.test('without a lease nothing is routed by bindings; straight to a queue goes on', async (t) => {
  const { core, lease } = make()
  const routed = (exchange: string, key: string): string => {
    return core.gateway.route(vhost, wayTo(exchange, key)).type
  }
  t.same([routed('fan', ''), routed('', 'q1')], ['targets', 'targets'])
  lease.isValid = false
  t.same([routed('fan', ''), routed('none', ''), routed('', 'q1')], ['wait', 'wait', 'targets'])
  lease.isValid = true
  t.same([routed('none', ''), routed('', 'none')], ['refused', 'nowhere'])
})

t.test('nothing is routed before the gateway’s numbers are its own', async (t) => {
  const core = coreWith({ lease: { isValid: true } })
  t.same(core.gateway.route(vhost, wayTo('', 'q1')), { type: 'wait' })
})

t.test('a publish is confirmed when every shard has answered', async (t) => {
  const world = make()
  send(world, world.publish('fan', ''))
  t.same(forwarded(world), [
    [1, [world.queue('q1').id]],
    [2, [world.queue('q2').id]]
  ])
  world.answer(2, accepted(1))
  t.same(world.told, [])
  world.answer(1, accepted(1))
  t.same(world.told, ['confirmed'])
  world.answer(1, accepted(1))
  t.same(world.told, ['confirmed'], 'a repeated answer tells nothing')
})

t.test(
  'what goes to one leader is bounded over all shards, and a little goes all the same',
  async (t) => {
    const world = make()
    const groups = (): number[] => forwarded(world).map(([group]) => group)
    send(world, world.publish('fan', '', false, Math.ceil(limits.laneBytesMax / 2)))
    t.same(groups(), [1])
    world.answer(1, accepted(1))
    t.same(groups(), [2], 'an answer makes room')
    send(world, world.publish('', 'q1'))
    t.same(groups(), [1], 'a little goes beside it')
    send(world, world.publish('', 'q1', false, Math.ceil(limits.laneBytesMax / 2)))
    t.same(groups(), [])
    world.answer(1, accepted(2))
    t.same(groups(), [], 'that was little')
    world.answer(2, accepted(1))
    t.same(groups(), [1])
    t.same(world.told, ['confirmed', 'confirmed'])
  }
)

t.test('one queue that is gone does not matter while another took it', async (t) => {
  const world = make()
  send(world, world.publish('fan', '', true))
  world.answer(1, { type: 'missing', number: 1, queues: [world.queue('q1').id] })
  world.answer(2, accepted(1))
  t.same(world.told, ['confirmed'])
})

t.test('what a shard refuses is told, though another took it', async (t) => {
  const world = make()
  send(world, world.publish('fan', ''))
  world.answer(1, { type: 'refused', number: 1, code: 'PRODUCER_FENCED', details: {} })
  world.answer(2, accepted(1))
  t.same(world.told, ['PRODUCER_FENCED'])
})

t.test('that this gateway is fenced ends the process, and no client is told', async (t) => {
  const world = make()
  send(world, world.publish('', 'q1'))
  const details = { gatewayEpoch: epoch + 1 }
  world.answer(1, { type: 'refused', number: 1, code: 'PRODUCER_FENCED', details })
  t.same(world.told, [])
  t.match(world.outlived, [1])
})

t.test(
  'a refusal for want of disk that died with its leader does not blame the frame',
  async (t) => {
    const world = make()
    send(world, world.publish('', 'q1'))
    // What every machine says of the section that took the number of the refused publish.
    const details = { reason: 'a record must be an array of two' }
    world.answer(1, { type: 'refused', number: 1, code: 'FRAME_INVALID', details })
    t.same(world.told, ['UNAVAILABLE'])
  }
)

t.test('what no queue took goes back to its origin, and is no success', async (t) => {
  const world = make()
  const publish = world.publish('fan', '', true)
  send(world, publish)
  world.answer(1, { type: 'missing', number: 1, queues: [world.queue('q1').id] })
  t.same(world.told, [], 'the other shard has not answered')
  world.answer(2, { type: 'missing', number: 1, queues: [world.queue('q2').id] })
  t.same(world.told, ['returned'])
  send(world, publish)
  t.equal(forwarded(world).length, 2)
  world.answer(1, accepted(2))
  world.answer(2, accepted(2))
  t.same(world.told, ['returned', 'confirmed'])
})

t.test('a publish that goes nowhere is returned to its client if mandatory', async (t) => {
  for (const [isMandatory, outcome] of [
    [true, 'MESSAGE_UNROUTABLE'],
    [false, 'confirmed']
  ] as const) {
    const world = make()
    world.core.gateway.send(world.publish('', 'none', isMandatory), [])
    t.same(world.told, [outcome])
  }
})
