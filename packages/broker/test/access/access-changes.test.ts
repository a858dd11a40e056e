// Users and rights as commands change them: what is answered, what goes with what, and which
// changes the member is told of.
import t from 'tap'
import {
  allRights,
  encodeMetadataBatch,
  guest,
  type MetadataCommand,
  MetadataMachine,
  metadataLimits
} from '../../src/index.ts'
import { applyAll, createMachine, exchange, give, initialise, queue } from '../metadata-fixture.ts'

const user = (name: string, tags: readonly string[] = []): MetadataCommand => {
  return { type: 'put-user', user: name, password: null, tags }
}
const permit = (name: string, vhost = '/'): MetadataCommand => {
  return { type: 'set-permission', user: name, vhost, configure: '', write: 'w', read: 'r' }
}
const topic = (name: string, of: string, vhost = '/'): MetadataCommand => {
  return { type: 'set-topic-permission', user: name, vhost, exchange: of, write: '', read: '' }
}

t.test('a cluster is born with guest, who may do everything in /', async (t) => {
  const { access } = createMachine()
  t.match(access.users, [{ ...guest, user: undefined, name: 'guest', tags: ['administrator'] }])
  t.same(access.user('guest')?.permissions, new Map([['/', allRights]]))
})

t.test('or with the administrator that it was given, and without guest', async (t) => {
  const machine = new MetadataMachine()
  const owner = { user: 'root', password: guest.password }
  give(machine, { ...initialise, owner } as MetadataCommand)
  t.same(
    machine.access.users.map(({ name }) => name),
    ['root']
  )
  const nameless = new MetadataMachine()
  const answer = give(nameless, { ...initialise, owner: { ...owner, user: '' } } as MetadataCommand)
  t.equal(answer, 'NAME_INVALID')
  t.equal(nameless.clusterId, null)
})

t.test('a user is made once and changed after that; its rights stay', async (t) => {
  const machine = createMachine()
  t.same(give(machine, user('ann')), { type: 'declared', created: true })
  t.same(give(machine, permit('ann')), { type: 'declared', created: true })
  t.same(give(machine, user('ann', ['monitoring'])), { type: 'declared', created: false })
  t.same(give(machine, permit('ann')), { type: 'declared', created: false })
  const ann = machine.access.user('ann')
  t.same(ann?.tags, ['monitoring'])
  t.same(ann?.permissions.get('/'), { configure: '', write: 'w', read: 'r' })
})

t.test('a user that is made again is another, in one batch and from a snapshot too', async (t) => {
  const machine = createMachine()
  const { access } = machine
  give(machine, user('ann'))
  const before = access.user('ann')
  if (before === null) throw new Error('ann was made')
  const { name, id } = before
  give(machine, user('ann', ['monitoring']))
  t.equal(access.sameUser({ name, id }), before, 'who is changed stays the same')
  t.equal(access.sameUser({ name: 'guest', id }), null)
  applyAll(machine, [
    { type: 'delete-user', user: 'ann' },
    user('ann'),
    { type: 'delete-user', user: 'ann' },
    user('ann'),
    user('bob')
  ])
  t.equal(access.sameUser({ name, id }), null)
  const ids = access.users.map((row) => row.id)
  t.same(
    ids,
    [...new Set(ids)].sort((a, b) => a - b)
  )
  const { manifest, newBlobs } = machine.snapshot()
  const blobs = new Map(newBlobs.map((blob) => [blob.id, blob.bytes]))
  const restored = MetadataMachine.restore(manifest, blobs)
  t.same(restored.access.users, access.users)
})

t.test('with a user go its rights, with a vhost the rights in it and its limits', async (t) => {
  const machine = createMachine()
  applyAll(machine, [
    user('ann'),
    user('bob'),
    { type: 'put-vhost', vhost: 'v', description: 'of ann', owner: 'ann' },
    permit('bob', 'v'),
    topic('bob', 'x', 'v'),
    topic('bob', 'x'),
    topic('ann', 'x', 'v'),
    { type: 'set-vhost-limit', vhost: 'v', limit: 'max-queues', value: 0 }
  ])
  const { access } = machine
  t.same(access.user('ann')?.permissions, new Map([['v', allRights]]), 'its owner has all rights')
  t.equal(access.permissionsCount, 3)
  t.equal(access.topicsCount, 3)
  give(machine, { type: 'delete-user', user: 'ann' })
  t.equal(access.permissionsCount, 2)
  t.equal(access.topicsCount, 2)
  t.equal(give(machine, queue('q', 'v')), 'QUEUES_LIMIT_REACHED')
  give(machine, { type: 'delete-vhost', vhost: 'v' })
  t.same([...(access.user('bob')?.topics.keys() ?? [])], ['/'])
  t.equal(access.permissionsCount, 1)
  t.equal(access.topicsCount, 1)
  t.equal(access.vhost('v'), null)
  give(machine, { type: 'declare-vhost', vhost: 'v' })
  t.match(give(machine, queue('q', 'v')), { type: 'queue' }, 'a new vhost has none of the old')
})

t.test('a vhost that is there already gives nobody rights', async (t) => {
  const machine = createMachine()
  applyAll(machine, [user('ann')])
  const again = { type: 'put-vhost', vhost: '/', description: 'ours', owner: 'ann' } as const
  t.same(give(machine, again), { type: 'declared', created: false })
  t.equal(machine.access.user('ann')?.permissions.size, 0)
  t.equal(machine.access.vhost('/')?.description, 'ours')
  give(machine, { ...again, description: null })
  t.equal(machine.access.vhost('/')?.description, 'ours')
  give(machine, { ...again, description: '' })
  t.equal(machine.access.vhost('/'), null)
})

t.test('limits come and go', async (t) => {
  const machine = createMachine()
  const limit = { type: 'set-user-limit', user: 'guest', limit: 'max-channels' } as const
  give(machine, { ...limit, value: 3 })
  t.equal(machine.access.user('guest')?.limits.get('max-channels'), 3)
  give(machine, { ...limit, value: null })
  t.equal(machine.access.user('guest')?.limits.size, 0)
})

t.test('topic permissions are taken one by one, or all of a vhost', async (t) => {
  const machine = createMachine()
  applyAll(machine, [topic('guest', 'x'), topic('guest', 'y'), topic('guest', 'z')])
  const clear = { type: 'clear-topic-permission', user: 'guest', vhost: '/' } as const
  give(machine, { ...clear, exchange: 'y' })
  const topics = machine.access.user('guest')?.topics
  t.same([...(topics?.get('/')?.keys() ?? [])], ['x', 'z'])
  give(machine, { ...clear, exchange: null })
  t.equal(topics?.size, 0)
  t.equal(machine.access.topicsCount, 0)
})

t.test('each change of rights is told once a batch, and counts as a revision', async (t) => {
  const machine = createMachine()
  const index = machine.appliedIndex + 1
  const commands = [user('ann'), permit('ann')]
  const data = encodeMetadataBatch({ version: 1, timeMs: 0, commands })
  t.same(machine.apply({ index, term: 1 }, data).effects, [
    { type: 'access-changed' },
    { type: 'topology-changed', revision: index }
  ])
  applyAll(machine, [exchange('x')])
  const revision = machine.topology.revision
  applyAll(machine, [{ type: 'clear-permission', user: 'ann', vhost: 'nowhere' }])
  t.equal(machine.topology.revision, revision, 'what changes nothing is none')
})

t.test('tables are bounded', async (t) => {
  const machine = createMachine({ ...metadataLimits, usersMax: 2, permissionsMax: 2, vhostsMax: 3 })
  t.match(give(machine, user('ann')), { created: true })
  t.equal(give(machine, user('bob')), 'LIMIT_REACHED')
  t.match(give(machine, permit('ann')), { created: true })
  give(machine, { type: 'declare-vhost', vhost: 'v' })
  t.equal(give(machine, permit('ann', 'v')), 'LIMIT_REACHED')
  const vhost = { type: 'put-vhost', vhost: 'w', description: '', owner: 'ann' } as const
  t.equal(give(machine, vhost), 'LIMIT_REACHED')
  t.equal(machine.topology.vhost('w'), null, 'and not without its owner')
  t.match(give(machine, { ...vhost, owner: null }), { created: true })
  t.equal(give(machine, { ...vhost, vhost: 'x', owner: null }), 'LIMIT_REACHED')
  for (const name of ['x', 'y']) t.match(give(machine, topic('ann', name)), { created: true })
  t.equal(give(machine, topic('ann', 'z')), 'LIMIT_REACHED')
  t.match(give(machine, topic('ann', 'y')), { created: false })
})
