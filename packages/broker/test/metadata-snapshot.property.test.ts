// Replay equality: a machine restored from a snapshot taken at any point and fed the rest of the
// log equals one that applied the whole log: state, answers, effects, and routing. Snapshots are
// incremental, and the store keeps only the blobs that the last one names.
import t from 'tap'
import {
  encodeMetadataBatch,
  guest,
  type MetadataCommand,
  MetadataMachine,
  type MetadataSnapshot,
  metadataLimits,
  type QueueOwner,
  RouteTargets,
  replicaId
} from '../src/index.ts'
import { addresses, createRandom, initialise, pick } from './metadata-fixture.ts'

type Random = () => number

const vhosts = ['/', '/', '/', 'v1', 'v2']
const queueNames = Array.from({ length: 30 }, (_, index) => `q${index}`)
const exchangeNames = ['x0', 'x1', 'x2', 'x3', 'x4', 'amq.topic', 'amq.headers']
const kinds = ['direct', 'fanout', 'topic', 'headers']
const queueOptions: readonly Record<string, unknown>[] = [
  {},
  {},
  { durable: false, autoDelete: true },
  { arguments: { 'x-expires': 60_000, 'x-single-active-consumer': true, note: ['ñ', null] } }
]
const clients = ['me', 'you']
const keys = ['a', 'a.b', '#', '*.b', '', '12']

function drawBinding(random: Random): MetadataCommand {
  const isQueue = random() < 0.7
  const name = pick(random, isQueue ? queueNames : exchangeNames)
  const values = [1, 'x', null, [1, { '2': true, '1': 0.5 }]]
  return {
    type: random() < 0.7 ? 'bind' : 'unbind',
    vhost: pick(random, vhosts),
    source: pick(random, exchangeNames),
    destination: { type: isQueue ? 'queue' : 'exchange', name },
    bindingKey: pick(random, keys),
    arguments: random() < 0.3 ? { z: pick(random, values), a: 1, '10': 'ten' } : {},
    client: pick(random, clients)
  }
}

function drawOwner(random: Random): QueueOwner {
  const node = 1 + Math.floor(random() * 2)
  const client = pick(random, clients)
  return { replica: replicaId(node, 1), process: 1024, connection: 7, client }
}

function drawTopology(random: Random): MetadataCommand {
  const vhost = pick(random, vhosts)
  const draw = random()
  if (draw < 0.05) return { type: 'declare-vhost', vhost }
  if (draw < 0.07) return { type: 'delete-vhost', vhost }
  if (draw < 0.35) {
    const group = 1 + Math.floor(random() * 4)
    const options = pick(random, queueOptions)
    const plain = { type: 'declare-queue', vhost, name: pick(random, queueNames), group } as const
    if (random() > 0.2) return { ...plain, options }
    return { ...plain, options: { ...options, exclusive: true }, owner: drawOwner(random) }
  }
  if (draw < 0.45)
    return { type: 'delete-queue', vhost, name: pick(random, queueNames), queue: null }
  const name = pick(random, exchangeNames)
  if (draw < 0.6) {
    const alternateExchange = random() < 0.3 ? pick(random, exchangeNames) : null
    const options = { autoDelete: random() < 0.3, alternateExchange }
    return { type: 'declare-exchange', vhost, name, kind: pick(random, kinds), options }
  }
  if (draw < 0.65) return { type: 'delete-exchange', vhost, name, ifUnused: random() < 0.5 }
  return drawBinding(random)
}

function drawAccess(random: Random): MetadataCommand {
  const user = pick(random, ['guest', 'ann', 'bob', 'cid'])
  const vhost = pick(random, vhosts)
  const exchange = pick(random, exchangeNames)
  const [write, read] = [pick(random, keys), pick(random, keys)]
  const value = random() < 0.3 ? null : Math.floor(random() * 20)
  const password = random() < 0.5 ? null : guest.password
  return pick<MetadataCommand>(random, [
    { type: 'put-user', user, password, tags: random() < 0.5 ? [] : ['monitoring', 'mine'] },
    { type: 'delete-user', user: random() < 0.3 ? user : 'nobody' },
    { type: 'set-user-limit', user, limit: 'max-channels', value },
    { type: 'set-user-limit', user, limit: 'max-connections', value },
    { type: 'set-permission', user, vhost, configure: '', write, read },
    { type: 'clear-permission', user, vhost },
    { type: 'set-topic-permission', user, vhost, exchange, write, read },
    { type: 'clear-topic-permission', user, vhost, exchange },
    { type: 'clear-topic-permission', user, vhost, exchange: null },
    { type: 'put-vhost', vhost, description: pick(random, ['', 'one']), owner: user },
    { type: 'set-vhost-limit', vhost, limit: 'max-connections', value },
    { type: 'set-vhost-limit', vhost: 'v2', limit: 'max-queues', value }
  ])
}

function drawCluster(random: Random): MetadataCommand {
  const node = 1 + Math.floor(random() * 5)
  const at = { ...addresses, peer: `p${Math.floor(random() * 6)}` }
  const storeId = `s${Math.floor(random() * 9)}`
  const group = Math.floor(random() * 6)
  const id = 4096 * Math.floor(random() * 200) + Math.floor(random() * 3)
  const progress = { step: 's', done: 1, total: 2, sentence: '…' }
  const error = random() < 0.5 ? null : { code: 'C', message: 'm' }
  return pick<MetadataCommand>(random, [
    { type: 'add-node', storeId, addresses: at },
    { type: 'adopt-incarnation', node, storeId, addresses: at },
    { type: 'update-node', node, addresses: at },
    { type: 'set-node-state', node, state: pick(random, ['up', 'leaving']) },
    { type: 'forget-node', node },
    { type: 'place-group', group, replicas: [replicaId(node, 1), replicaId(1, 1)] },
    { type: 'add-shards', placements: random() < 0.1 ? [[replicaId(1, 1)]] : [] },
    { type: 'start-operation', kind: 'add-node', peer: at.peer, node: null },
    { type: 'start-operation', kind: 'remove-node', peer: null, node },
    { type: 'advance-operation', id, node, ...progress },
    { type: 'end-operation', id, error },
    { type: 'acknowledge-outbox', groups: [{ group: 1 + (group % 4), upTo: id }] },
    { type: 'activate-version', version: 1 }
  ])
}

function drawLog(random: Random, length: number): readonly Uint8Array[] {
  const log = [encodeMetadataBatch({ version: 1, timeMs: 1000, commands: [initialise] })]
  for (let index = 1; index < length; index++) {
    const commands: MetadataCommand[] = []
    const count = Math.floor(random() * 8)
    for (let position = 0; position < count; position++) {
      const draw = pick(random, [drawTopology, drawTopology, drawTopology, drawCluster, drawAccess])
      commands.push(draw(random))
    }
    const timeMs = 1000 + Math.floor(random() * 5000)
    log.push(encodeMetadataBatch({ version: 1, timeMs, commands }))
  }
  return log
}

/** Keeps what the last snapshot names, as the store does. */
class BlobStore {
  readonly blobs: Map<number, Uint8Array> = new Map()
  manifest: Uint8Array = new Uint8Array()

  keep(snapshot: MetadataSnapshot): void {
    for (const { id, bytes } of snapshot.newBlobs) {
      if (this.blobs.has(id)) throw new Error(`blob ${id} is written twice`)
      this.blobs.set(id, bytes)
    }
    const named = new Set(snapshot.blobs)
    for (const id of this.blobs.keys()) if (!named.has(id)) this.blobs.delete(id)
    this.manifest = snapshot.manifest
  }
}

function apply(machine: MetadataMachine, log: readonly Uint8Array[], index: number): string {
  const data = log[index - 1]
  if (data === undefined) throw new Error('the log has that entry')
  return JSON.stringify(machine.apply({ index, term: 1 }, data))
}

function routes(machine: MetadataMachine): string {
  const out = new RouteTargets()
  const headers = { z: 'x', a: 1, '10': 'ten' }
  const answers: unknown[] = []
  for (const vhost of ['/', 'v1', 'v2']) {
    for (const name of exchangeNames) {
      for (const key of keys) {
        const result = machine.topology.route(vhost, name, key, () => headers, out)
        answers.push([result, out.toArray().map(({ id }) => id)])
      }
    }
  }
  const { queues } = machine.topology.queuesPage(1000, null)
  return JSON.stringify([
    answers,
    queues.map(({ id, vhost, name, group, owner }) => [id, vhost, name, group, owner])
  ])
}

const smallPages = { ...metadataLimits, snapshotPageBytes: 600, operationsEndedMax: 3 }

for (const seed of [1, 2, 3, 4, 5, 6]) {
  t.test(
    `a snapshot at any point and the rest of the log equal the log (seed ${seed})`,
    async (t) => {
      const random = createRandom(seed)
      const length = 200
      const log = drawLog(random, length)
      const whole = new MetadataMachine(smallPages)
      const store = new BlobStore()
      let lastFreed = 0
      const followers: MetadataMachine[] = []
      for (let index = 1; index <= length; index++) {
        const applied = apply(whole, log, index)
        for (const follower of followers) {
          if (apply(follower, log, index) !== applied) return t.fail(`answers differ at ${index}`)
        }
        if (random() > 0.1) continue
        const snapshot = whole.snapshot()
        store.keep(snapshot)
        t.same(snapshot.freed, [{ first: lastFreed + 1, last: index }])
        lastFreed = index
        followers.push(MetadataMachine.restore(store.manifest, store.blobs, smallPages))
        if (random() < 0.5) {
          // A follower that takes snapshots of its own, on top of the one it was given.
          const own = new BlobStore()
          for (const [id, bytes] of store.blobs) own.blobs.set(id, bytes)
          const follower = followers.at(-1)
          if (follower === undefined) continue
          own.keep(follower.snapshot())
          followers.push(MetadataMachine.restore(own.manifest, own.blobs, smallPages))
        }
      }
      for (const follower of followers) {
        t.equal(follower.hash(), whole.hash())
        t.equal(routes(follower), routes(whole))
        t.same(follower.topology.counts, whole.topology.counts)
        t.same(follower.topology.revision, whole.topology.revision)
      }
      t.ok(whole.access.changes > 30, `${whole.access.changes} changes of rights`)
      t.ok(whole.topology.counts.bindings > 10, `${whole.topology.counts.bindings} bindings`)
      return undefined
    }
  )
}

t.test('the hash tells states apart', async (t) => {
  const hashes = new Set<string>()
  const log = drawLog(createRandom(9), 100)
  const machine = new MetadataMachine()
  for (let index = 1; index <= 100; index++) {
    apply(machine, log, index)
    hashes.add(machine.hash())
  }
  t.equal(hashes.size, 100)
})

t.test('a refused command leaves no trace', async (t) => {
  const seed = 12
  t.comment(`seed ${seed}`)
  const random = createRandom(seed)
  const machine = new MetadataMachine(smallPages)
  const encode = (commands: readonly MetadataCommand[]): Uint8Array =>
    encodeMetadataBatch({ version: 1, timeMs: 0, commands })
  machine.apply({ index: 1, term: 1 }, encode([initialise]))
  const store = new BlobStore()
  const codes = new Map<string, number>()
  for (let index = 2; index < 1500; index++) {
    store.keep(machine.snapshot())
    const command = random() < 0.7 ? drawTopology(random) : drawCluster(random)
    const [result] = machine.apply({ index, term: 1 }, encode([command])).results
    if (result === undefined || !('error' in result)) continue
    codes.set(result.error.code, (codes.get(result.error.code) ?? 0) + 1)
    const twin = MetadataMachine.restore(store.manifest, store.blobs, smallPages)
    twin.apply({ index, term: 1 }, encode([]))
    if (twin.hash() !== machine.hash()) return t.fail(`${JSON.stringify(command)} left a trace`)
  }
  t.ok(codes.size >= 8, JSON.stringify([...codes]))
  return undefined
})
