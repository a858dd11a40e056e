// The driver with a scripted member and a store whose writes end when the test says so.

import type { Output } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import { Driver } from '../src/driver.ts'
import { FakeLog, FakeMember, FakePorts, FakeStore, recordOf, until } from './fakes.ts'

interface Setup {
  readonly driver: Driver
  readonly member: FakeMember
  readonly store: FakeStore
  readonly ports: FakePorts
  readonly log: FakeLog
  readonly endings: { code: number; reason: string }[]
  /** Ends the note that the data is damaged. */
  readonly notes: { reason: string; end: (error?: Error) => void }[]
  readonly identities: number[]
}

/** The first turn carries out `outputs`; later inputs are answered by `answer`. */
function setUp(
  t: { teardown(end: () => void): void },
  outputs: readonly Output[],
  answer: FakeMember['answer'] = () => []
): Setup {
  let isFirst = true
  const member = new FakeMember((input) => {
    if (!isFirst) return answer(input)
    isFirst = false
    return outputs
  })
  const store = new FakeStore()
  const ports = new FakePorts()
  const log = new FakeLog()
  const endings: Setup['endings'] = []
  const identities: number[] = []
  const notes: Setup['notes'] = []
  const driver = new Driver({
    member,
    store,
    peers: ports,
    clients: ports,
    passwords: { isRemembered: () => false, verify: async () => false },
    log: log.log,
    identified: ({ node }) => identities.push(node),
    condemn: (reason) =>
      new Promise((resolve, reject) => {
        const end = (error?: Error): void => (error === undefined ? resolve() : reject(error))
        notes.push({ reason, end })
      }),
    ended: (code, reason) => endings.push({ code, reason }),
    nowMs: () => 1.5,
    wallMs: () => 1e12
  })
  t.teardown(() => driver.stop())
  driver.start()
  return { driver, member, store, ports, log, endings, identities, notes }
}

const toClient = (connection: number, text: string, after: number | null): Output => ({
  type: 'client-send',
  connection,
  chunks: [Buffer.from(text)],
  after
})
const toPeer = (node: number, text: string, after: number | null): Output => ({
  type: 'peer-send',
  node,
  lane: 'raft',
  chunks: [Buffer.from(text)],
  after
})

t.test('what names a record leaves only when the record is durable', async (t) => {
  const { member, store, ports } = setUp(t, [
    toPeer(2, 'vote', 11),
    { type: 'write', record: recordOf(11) },
    toPeer(2, 'append', null),
    toClient(5, 'confirm', 11),
    toClient(6, 'heartbeat', null),
    toClient(7, 'earlier', 10)
  ])
  await until(() => store.writes.length === 1)
  t.same(ports.left, ['peer 2 raft append', 'client 6 heartbeat', 'client 7 earlier'])
  store.endWrite()
  await until(() => member.of('written').length === 1)
  t.same(ports.left.slice(3), ['peer 2 raft vote', 'client 5 confirm'])
  t.equal(member.of('written')[0]?.id, 11)
  t.ok(ports.flushes >= 2)
})

t.test('one destination keeps its order among what was held', async (t) => {
  const { store, ports, member } = setUp(
    t,
    [
      { type: 'write', record: recordOf(11) },
      toClient(5, 'first', 11),
      toClient(5, 'second', 10),
      toClient(8, 'other', 10),
      { type: 'client-close', connection: 5 },
      { type: 'client-close', connection: 9 }
    ],
    (input) =>
      input.type === 'written' && input.id === 11
        ? [{ type: 'write', record: recordOf(12) }, toClient(8, 'last', 12)]
        : []
  )
  await until(() => store.writes.length === 1)
  t.same(ports.left, ['client 8 other', 'close client 9'])
  store.endWrite()
  await until(() => store.writes.length === 2)
  t.same(ports.left.slice(2), ['client 5 first', 'client 5 second', 'close client 5'])
  store.endWrite()
  await until(() => member.of('written').length === 2)
  t.same(ports.left.slice(5), ['client 8 last'])
})

t.test('a rejected write ends the process with 70, and nothing held leaves', async (t) => {
  const { store, ports, endings, log, member } = setUp(t, [
    { type: 'write', record: recordOf(11) },
    toClient(5, 'confirm', 11)
  ])
  await until(() => store.writes.length === 1)
  store.endWrite(new HoldfastError('WRITE_FAILED', { directory: 'd', reason: 'ENOSPC' }))
  await until(() => endings.length === 1)
  t.equal(endings[0]?.code, 70)
  t.match(endings[0]?.reason, /ENOSPC/)
  t.ok(log.has('a write failed'))
  t.same(ports.left, [])
  t.same(member.of('written'), [])
})

t.test('a second write in flight is a broken invariant', async (t) => {
  const { endings } = setUp(t, [
    { type: 'write', record: recordOf(11) },
    { type: 'write', record: recordOf(12) }
  ])
  await until(() => endings.length === 1)
  t.match(endings[0], { code: 70, reason: /one write is in flight/ })
})

t.test('an exception of the member ends the process with 70', async (t) => {
  const { endings, driver, member } = setUp(t, [])
  await until(() => member.steps.length === 1)
  member.answer = () => {
    throw new Error('a bug')
  }
  driver.input({ type: 'peer-down', link: 1 })
  await until(() => endings.length === 1)
  t.match(endings[0], { code: 70, reason: /a bug/ })
})

t.test('inputs of one turn are one step, in order, the clock first', async (t) => {
  const { driver, member } = setUp(t, [])
  for (let connection = 1; connection <= 5; connection++) {
    driver.input({ type: 'client-down', connection })
  }
  await until(() => member.steps.length === 1)
  t.same(member.steps, [6])
  t.same(member.inputs[0], { type: 'tick', nowMs: 1, wallMs: 1e12 })
  t.same(
    member.of('client-down').map(({ connection }) => connection),
    [1, 2, 3, 4, 5]
  )
})

t.test('reads are tried again when there is no room, and honest when they fail', async (t) => {
  const { store, member, driver } = setUp(t, [], (input) =>
    input.type === 'peer-down'
      ? [{ type: 'read-blobs', id: input.link, group: 3, ids: [7, 8] }]
      : []
  )
  store.reads = [
    () => Promise.reject(new HoldfastError('UNAVAILABLE', { reason: 'too many reads' })),
    () => Promise.resolve([{ type: 'absent' }]),
    () => Promise.reject(new Error('EIO'))
  ]
  await until(() => member.steps.length === 1)
  driver.input({ type: 'peer-down', link: 1 })
  await until(() => member.of('read-done').length === 1)
  t.same(member.of('read-done')[0], { type: 'read-done', id: 1, results: [{ type: 'absent' }] })
  driver.input({ type: 'peer-down', link: 2 })
  await until(() => member.of('read-done').length === 2)
  const damaged = [{ type: 'damaged' }, { type: 'damaged' }]
  t.same(member.of('read-done')[1], { type: 'read-done', id: 2, results: damaged })
})

t.test('every other output reaches its port', async (t) => {
  const { ports, log, member, store } = setUp(t, [
    { type: 'peers', peers: [{ node: 2, address: 'h:1' }] },
    { type: 'peer-close', link: 4 },
    { type: 'probe-peer', id: 9, address: 'h:2', adopt: null },
    { type: 'log', level: 'warn', message: 'careful', fields: { group: 1 } },
    { type: 'read-entries', id: 21, group: 1, range: { first: 1, last: 2 }, bytesMax: 10 },
    { type: 'read-blobs', id: 22, group: 1, ids: [1] },
    { type: 'read-retained', id: 23, group: 1, from: 1, countMax: 5 }
  ])
  await until(() => member.of('read-done').length === 2 && member.of('retained-done').length === 1)
  t.same(ports.left, ['peers 2@h:1', 'close link 4', 'probe 9 h:2'])
  t.same(log.lines, [{ level: 'warn', message: 'careful', fields: { group: 1 } }])
  t.same(
    member.of('read-done').map(({ id }) => id),
    [21, 22]
  )
  t.same(store.writes, [])
})

t.test('a durable identity is told', async (t) => {
  const identity = { clusterId: 'a'.repeat(32), node: 4, incarnation: 1 }
  const { store, identities } = setUp(t, [{ type: 'write', record: recordOf(11, identity) }])
  await until(() => store.writes.length === 1)
  t.same(identities, [])
  store.endWrite()
  await until(() => identities.length === 1)
  t.same(identities, [4])
})

t.test('data that is condemned is noted before the node ends, and nothing goes on', async (t) => {
  const { driver, endings, notes, ports } = setUp(t, [
    { type: 'condemn', reason: 'it had more' },
    toClient(1, 'too late', null)
  ])
  await until(() => notes.length === 1)
  driver.input({ type: 'drain' })
  t.same([endings, ports.left, driver.isCondemned], [[], [], false])
  notes[0]?.end()
  await until(() => endings.length === 1)
  t.same([endings, driver.isCondemned], [[{ code: 0, reason: 'it had more' }], true])
})

t.test('where that cannot be noted the process ends as after any failed write', async (t) => {
  const { endings, notes } = setUp(t, [{ type: 'condemn', reason: 'it had more' }])
  await until(() => notes.length === 1)
  notes[0]?.end(new Error('no space'))
  await until(() => endings.length === 1)
  t.match(endings, [{ code: 70, reason: /no space/ }])
})

t.test('an exit is final: what follows it is not carried out', async (t) => {
  const { endings, ports, driver } = setUp(t, [
    toClient(1, 'bye', null),
    { type: 'exit', code: 0, reason: 'removed' },
    toClient(1, 'too late', null)
  ])
  await until(() => endings.length === 1)
  t.same(endings, [{ code: 0, reason: 'removed' }])
  t.same(ports.left, ['client 1 bye'])
  t.ok(ports.flushes > 0, 'the farewell is flushed')
  await t.rejects(driver.request({ type: 'list-vhosts' }), { code: 'UNAVAILABLE' })
})

t.test('calls of operators are answered, or refused with a code', async (t) => {
  const { driver } = setUp(t, [], (input) => {
    if (input.type !== 'admin') return []
    if (input.request.type === 'list-vhosts') {
      return [{ type: 'admin-reply', id: input.id, result: { type: 'vhosts', vhosts: ['/'] } }]
    }
    const error = new HoldfastError('NODE_NOT_FOUND', { node: 9 }).toWire()
    return [
      { type: 'admin-reply', id: 4711, result: { type: 'done' } },
      { type: 'admin-reply', id: input.id, result: { error } }
    ]
  })
  await new Promise((resolve) => setImmediate(resolve))
  t.same(await driver.request({ type: 'list-vhosts' }), { type: 'vhosts', vhosts: ['/'] })
  await t.rejects(driver.request({ type: 'remove-node', node: 9 }), { code: 'NODE_NOT_FOUND' })
})

t.test('when the driver stops, calls that wait are refused', async (t) => {
  const { driver } = setUp(t, [])
  const call = driver.request({ type: 'list-vhosts' })
  driver.stop()
  await t.rejects(call, { code: 'UNAVAILABLE' })
})
