// Bringing a change to the metadata leader: tried again while there is none, for as long as
// somebody waits for it.
import type { MetadataResult } from '@holdfast/broker'
import t from 'tap'
import type { Core } from '../../src/core.ts'
import { times } from '../../src/limits.ts'
import { Calls } from '../../src/peers/calls.ts'
import type { CallResult } from '../../src/peers/peer-message.ts'
import { coreWith, pass } from '../part-core.ts'

const declaration = { type: 'declare-queue', vhost: '/', name: 'q', options: {}, group: 3 } as const

/** A node that leads the metadata and commits at once; shard 3 takes no queue: it has no leader. */
function leaderOfALostShard(): Core {
  const core = coreWith({})
  const reply = { type: 'queue', queue: 4096, group: 3, cursor: 4096, created: true }
  const offer = (_bytes: Uint8Array, done: (result: object) => void): boolean => {
    done({ reply })
    return true
  }
  const own = new Calls(core, (_from, call, answer) => {
    if (call.type === 'metadata') core.metadata.change(call.command, answer)
  })
  const identity = { clusterId: 'c', node: 1, incarnation: 1 }
  Object.assign(core, { identity, calls: own })
  Object.assign(core.metadata, { group: { isLeading: true, leaderNode: 1, offer } })
  core.metadata.machine.outbox.add(3, 4096, {
    type: 'create-queue',
    queue: 4096,
    vhost: '/',
    name: 'q'
  })
  core.metadata.machine.topology.revision = 1
  const inForceIndex = (): number => Number.POSITIVE_INFINITY
  Object.assign(core.lease, { inForceIndex, lookAgain: () => undefined })
  return core
}

const command = { type: 'declare-vhost', vhost: 'v' } as const

interface Asker {
  readonly core: Core
  readonly told: string[]
  readonly asked: number[]
  isGone: boolean
}

/** A node that calls the leader, which answers that it is none, and a client that asks. */
function make(): Asker {
  const asked: number[] = []
  const error = { id: 3001, code: 'NOT_LEADER', message: '', details: {} }
  const call = (node: number, _call: object, answer: (result: object) => void): void => {
    asked.push(node)
    answer({ type: 'error', error })
  }
  const core = coreWith({ calls: { call } })
  Object.assign(core.metadata, { group: { leaderNode: 2 } })
  const asker: Asker = { core, told: [], asked, isGone: false }
  const answered = (result: MetadataResult): void => {
    asker.told.push('error' in result ? result.error.code : 'done')
  }
  core.metadata.submit(command, answered, { isGone: () => asker.isGone })
  return asker
}

function tick(core: Core): void {
  pass(core, times.retryMs)
  core.timers.tick()
}

t.test('a change is brought to a leader again and again, for so long', async (t) => {
  const { core, told, asked } = make()
  for (let waitedMs = 0; waitedMs < times.requestTimeoutMs; waitedMs += times.retryMs) {
    t.same(told, [])
    tick(core)
  }
  t.same(told, ['UNAVAILABLE'], 'where the leader is, is not for a client to know')
  t.equal(asked.length, times.requestTimeoutMs / times.retryMs + 1)
})

t.test('it is not tried again when nobody waits for it', async (t) => {
  const asker = make()
  tick(asker.core)
  t.equal(asker.asked.length, 2)
  asker.isGone = true
  for (let round = 0; round < 5; round++) tick(asker.core)
  t.equal(asker.asked.length, 2)
  t.same(asker.told, [])
})

t.test('a refusal waits for what it goes by to be in force, as a change does', async (t) => {
  const core = coreWith({})
  const error = { id: 2001, code: 'QUEUE_NOT_FOUND', message: '', details: {} }
  const offer = (_bytes: Uint8Array, done: (result: object) => void): boolean => {
    done({ error })
    return true
  }
  Object.assign(core.metadata, { group: { isLeading: true, leaderNode: 1, offer } })
  core.metadata.machine.topology.revision = 5
  let inForce = 4
  Object.assign(core.lease, { inForceIndex: () => inForce, lookAgain: () => undefined })
  const told: object[] = []
  const deletion = { type: 'delete-queue', vhost: '/', name: 'q', queue: 7 } as const
  core.metadata.change(deletion, (result) => told.push(result))
  core.metadata.answerWaiters()
  t.same(told, [], 'it was done before, maybe, and its answer lost with a leader')
  inForce = 5
  core.metadata.answerWaiters()
  t.same(told, [{ type: 'reply', reply: { error } }])
})

t.test('it is known which change has waited for how long, until it is answered', async (t) => {
  const core = coreWith({})
  const offer = (_bytes: Uint8Array, done: (result: object) => void): boolean => {
    done({ reply: { type: 'done' } })
    return true
  }
  Object.assign(core.metadata, { group: { isLeading: true, leaderNode: 1, offer } })
  let inForce = 4
  Object.assign(core.lease, { inForceIndex: () => inForce, lookAgain: () => undefined })
  const change = (revision: number): void => {
    core.metadata.machine.topology.revision = revision
    core.metadata.change({ type: 'delete-queue', vhost: '/', name: 'q', queue: 7 }, () => undefined)
  }
  change(5)
  t.equal(core.metadata.waitingFor(100), 0)
  pass(core, 100)
  change(6)
  t.equal(core.metadata.waitingFor(100), 5)
  pass(core, 100)
  t.equal(core.metadata.waitingFor(100), 6)
  inForce = 6
  core.metadata.answerWaiters()
  t.equal(core.metadata.waitingFor(100), 0)
})

t.test('who asks the node that leads is told in time that a shard takes nothing', async (t) => {
  const core = leaderOfALostShard()
  const told: string[] = []
  core.metadata.submit(declaration, (result) => {
    told.push('error' in result ? result.error.code : 'done')
  })
  for (let waitedMs = 0; waitedMs < times.requestTimeoutMs; waitedMs += times.retryMs) {
    t.same(told, [])
    tick(core)
    core.metadata.answerWaiters()
  }
  for (let waitedMs = 0; waitedMs <= times.callTimeoutMs; waitedMs += times.retryMs) {
    tick(core)
    core.metadata.answerWaiters()
  }
  t.same(told, ['UNAVAILABLE'])
})

t.test('nobody is waited for longer than a call waits', async (t) => {
  const core = leaderOfALostShard()
  const told: string[] = []
  const answer = (result: CallResult): void => {
    told.push(result.type === 'error' ? result.error.code : result.type)
  }
  core.metadata.change(declaration, answer)
  pass(core, 1)
  core.metadata.change(declaration, answer)
  pass(core, times.callTimeoutMs - 1)
  core.metadata.answerWaiters()
  t.same(told, ['UNAVAILABLE'])
  t.not(core.metadata.waitingFor(0), 0, 'the other one still waits')
  pass(core, 1)
  core.metadata.answerWaiters()
  t.same(told, ['UNAVAILABLE', 'UNAVAILABLE'])
  t.equal(core.metadata.waitingFor(0), 0)
})
