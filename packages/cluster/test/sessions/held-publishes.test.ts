// The publishes of one client before they are on their way: in order, also when some come back
// because no queue took them, and until the metadata says why, or the time is up.
import type { QueueTarget } from '@holdfast/broker'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import type { OnFence } from '../../src/metadata/fence.ts'
import type { Routing } from '../../src/publishing/gateway.ts'
import type { Batch, Publish, PublishOrigin } from '../../src/publishing/publish.ts'
import { HeldPublishes } from '../../src/sessions/held-publishes.ts'
import { Pending } from '../../src/sessions/pending.ts'
import { refusal } from '../../src/sessions/responder.ts'
import { coreWith, pass } from '../part-core.ts'

const target: QueueTarget = {
  id: 7,
  group: 1,
  vhost: '/',
  name: 'q',
  owner: null,
  refusesWhenFull: false
}
const targets: Routing = { type: 'targets', targets: [target], perRecord: false }

interface Client {
  readonly core: Core
  readonly held: HeldPublishes
  /** What the client has asked to be there. */
  readonly changes: Pending
  /** What the metadata that this node has says of all publishes. */
  routing: Routing
  /** Fences that nobody has answered yet. */
  readonly fences: OnFence[]
  /** What went to the gateway since the last look: sequences, and those that go nowhere negated. */
  sent(): number[]
  /** How publishes ended without the gateway. */
  readonly told: [number, string][]
  /** The first that has failed; those behind it are not to be routed. */
  failedFrom: number
  /** Up to which its client was told last that they are on their way. */
  routedUpTo: number
  publish(...sequences: readonly number[]): void
  /** No queue took it. */
  giveBack(sequence: number): void
  confirm(sequence: number): void
}

function make(): Client {
  const known = new Map<number, Publish>()
  const news: number[] = []
  const fences: OnFence[] = []
  const told: [number, string][] = []
  const core = coreWith({
    fence: { wait: (done: OnFence) => fences.push(done) },
    gateway: {
      route: () => client.routing,
      send: (publish: Publish, { length }: readonly QueueTarget[]) => {
        const { firstSequence } = publish.batch
        known.set(firstSequence, publish)
        news.push(length === 0 ? -firstSequence : firstSequence)
      }
    }
  })
  const origin: PublishOrigin = {
    vhost: '/',
    producer: { id: new Uint8Array(16), epoch: 1 },
    failedBefore: ({ firstSequence }) => {
      return firstSequence > client.failedFrom
        ? refusal('UNAVAILABLE', { reason: 'it ended' })
        : null
    },
    routed: (upTo) => {
      client.routedUpTo = upTo
    },
    publishRefusal: () => null,
    confirmed: () => undefined,
    failed: ({ firstSequence }, { code }) => told.push([firstSequence, code]),
    returned: () => undefined
  }
  const changes = new Pending()
  const held = new HeldPublishes(core, origin, changes)
  const sentOf = (sequence: number): Publish => {
    const publish = known.get(sequence)
    if (publish === undefined) throw new Error(`${sequence} was not sent`)
    return publish
  }
  const client: Client = {
    core,
    held,
    changes,
    routing: targets,
    fences,
    sent: () => news.splice(0),
    told,
    failedFrom: Number.POSITIVE_INFINITY,
    routedUpTo: 0,
    publish: (...sequences) => {
      for (const sequence of sequences) held.push(batchOf(sequence))
    },
    giveBack: (sequence) => held.returned(sentOf(sequence)),
    confirm: (sequence) => held.decided(sentOf(sequence).batch)
  }
  return client
}

function batchOf(firstSequence: number): Batch {
  const first = firstSequence === 1
  const route = { exchange: '', routingKey: 'q', copies: [], mandatory: true, first }
  const blob = new Uint8Array(10)
  return { ...route, firstSequence, lowestUnconfirmed: 1, count: 1, blob }
}

function wait({ core }: Client, durationMs: number): void {
  pass(core, durationMs)
  core.timers.tick()
}

t.test('publishes go on in order, and wait in order for a lease', async (t) => {
  const client = make()
  client.publish(1, 2)
  t.same(client.sent(), [1, 2])
  client.routing = { type: 'wait' }
  client.publish(3, 4)
  t.same(client.sent(), [])
  t.equal(client.routedUpTo, 2, 'told before there is an outcome')
  client.routing = targets
  client.held.resume()
  t.same(client.sent(), [3, 4])
  t.equal(client.routedUpTo, 4)
})

t.test('what leads nowhere is told only behind a fence that began after it', async (t) => {
  const client = make()
  client.routing = { type: 'nowhere' }
  client.publish(1)
  client.publish(2)
  t.equal(client.fences.length, 1)
  client.fences.shift()?.(true)
  t.same(client.sent(), [-1], 'the second may be for a queue that was declared meanwhile')
  t.equal(client.routedUpTo, 1)
  client.routing = targets
  client.fences.shift()?.(true)
  t.same(client.sent(), [2])
})

t.test('what leads nowhere yet waits for what its client has asked for', async (t) => {
  const client = make()
  const bound = client.changes.begin()
  client.publish(1)
  t.same(client.sent(), [1])
  client.routing = { type: 'nowhere' }
  client.publish(2)
  t.equal(client.fences.length, 0)
  client.routing = targets
  bound()
  client.fences.shift()?.(true)
  t.same(client.sent(), [2])
})

t.test('a publish whose queue was replaced goes to the new one', async (t) => {
  const client = make()
  client.publish(1)
  client.sent()
  client.giveBack(1)
  t.same(client.sent(), [], 'not before this node knows what the metadata leader knows')
  client.fences.shift()?.(true)
  t.same(client.sent(), [1])
})

t.test('a publish whose queue is gone for good has nowhere to go', async (t) => {
  const client = make()
  client.publish(1)
  client.sent()
  client.giveBack(1)
  client.routing = { type: 'nowhere' }
  client.fences.shift()?.(true)
  t.same(client.sent(), [-1])
})

t.test('a node that is behind does not send what came back', async (t) => {
  const client = make()
  client.publish(1)
  client.sent()
  client.giveBack(1)
  for (let round = 0; round < 3; round++) {
    client.fences.shift()?.(false)
    t.same(client.sent(), [])
  }
  client.fences.shift()?.(true)
  t.same([client.sent(), client.told], [[1], []])
})

t.test('what comes back again is sent after pauses that double, for so long', async (t) => {
  const client = make()
  const { core, fences } = client
  client.publish(1)
  client.sent()
  client.giveBack(1)
  const beganMs = core.clock.nowMs
  const pauses: number[] = []
  for (let pausedMs = 0; client.told.length === 0; pausedMs += times.retryMs) {
    fences.shift()?.(true)
    if (client.sent().length > 0) {
      pauses.push(pausedMs)
      pausedMs = 0
      client.giveBack(1)
    }
    wait(client, times.retryMs)
  }
  t.same(pauses.slice(0, 7), [0, 50, 100, 200, 400, 800, 800])
  t.same(client.told, [[1, 'UNAVAILABLE']])
  const waitedMs = core.clock.nowMs - beganMs
  t.ok(waitedMs >= times.requestTimeoutMs, `${waitedMs} ms`)
  t.ok(waitedMs <= times.requestTimeoutMs + times.retryMaxMs, `${waitedMs} ms`)
})

t.test('what follows does not overtake what came back', async (t) => {
  const client = make()
  client.publish(1, 2, 3)
  client.sent()
  client.giveBack(1)
  client.publish(4)
  client.giveBack(2)
  client.fences.shift()?.(true)
  t.same(client.sent(), [1], 'alone: nobody knows whether it comes back once more')
  client.giveBack(3)
  client.giveBack(1)
  t.same(client.sent(), [])
  wait(client, times.retryMs)
  client.fences.shift()?.(true)
  t.same(client.sent(), [1])
  client.confirm(1)
  t.same(client.sent(), [2, 3, 4], 'in their order')
})

t.test('those behind one that is given up are given up when their own time is up', async (t) => {
  const client = make()
  client.publish(1, 2)
  client.sent()
  client.giveBack(1)
  wait(client, times.retryMs)
  client.giveBack(2)
  client.publish(3)
  wait(client, times.requestTimeoutMs - times.retryMs)
  client.fences.shift()?.(false)
  t.same(client.told, [[1, 'UNAVAILABLE']])
  client.fences.shift()?.(true)
  t.same(client.sent(), [2])
  client.giveBack(2)
  wait(client, times.retryMs)
  t.same(client.told.slice(1), [[2, 'UNAVAILABLE']])
  t.same(client.sent(), [3], 'it has not come back yet')
})

t.test('a client that is gone leaves nothing behind', async (t) => {
  const client = make()
  client.publish(1, 2)
  client.sent()
  client.giveBack(1)
  client.held.clear()
  client.fences.shift()?.(true)
  t.same([client.sent(), client.told], [[], []])
})

t.test('a reply is sent once, and then goes where its copies lead', async (t) => {
  const client = make()
  const replies: string[] = []
  const send = (_: string, { routingKey }: Batch): boolean => replies.push(routingKey) > 0
  Object.assign(client.core, { replies: { send } })
  client.routing = { type: 'nowhere' }
  client.held.push({ ...batchOf(1), routingKey: 'a', copies: ['q'] })
  client.publish(2)
  t.same([replies.splice(0), client.sent()], [['a'], []], 'a queue may have been declared')
  client.routing = targets
  client.fences.shift()?.(true)
  t.same([replies, client.sent()], [['q'], [1]])
})

t.test('what was published behind one that ended its channel is not routed', async (t) => {
  const client = make()
  client.routing = { type: 'refused', code: 'EXCHANGE_NOT_FOUND' }
  client.publish(1, 2, 3)
  client.failedFrom = 1
  client.routing = targets
  client.fences.shift()?.(true)
  t.same(client.sent(), [1])
  t.same(client.told, [
    [2, 'UNAVAILABLE'],
    [3, 'UNAVAILABLE']
  ])
  t.equal(client.routedUpTo, 3)
})
