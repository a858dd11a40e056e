// A node with damaged data: when it can be spared, what it serves, and what it tells.
import { pack } from '@holdfast/record'
import t from 'tap'
import { replicaOf } from '../src/consensus/replica-id.ts'
import { DamagedMember } from '../src/damaged-member.ts'
import { type Damage, type DamagedGroup, isExpendable } from '../src/expendable.ts'
import type { Input, PeerHello } from '../src/input.ts'
import { times } from '../src/limits.ts'
import type { Output } from '../src/output.ts'
import { ByteReader } from '../src/peers/byte-reader.ts'
import { join } from '../src/peers/byte-writer.ts'
import { readPeerFrame, startFrame, writePeerMessage } from '../src/peers/peer-codec.ts'
import { readEntry } from '../src/peers/raft-codec.ts'

const clusterId = 'ab'.repeat(16)
const identity = { clusterId, node: 1, incarnation: 1 }
const addresses = { client: 'c:1', peer: 'p:1', http: 'h:1' }

function hello(node: number, parts: Partial<PeerHello> = {}): PeerHello {
  const names = { client: `c:${node}`, peer: `p:${node}`, http: `h:${node}` }
  const storeId = 'cd'.repeat(16)
  return { clusterId, node, incarnation: 1, storeId, processEpoch: 1, ...names, ...parts }
}

function group(id: number, voters: readonly number[], outgoing: readonly number[] = []) {
  const replicas = (nodes: readonly number[]) => nodes.map((node) => replicaOf(node, 1))
  const configuration = { voters: replicas(voters), outgoing: replicas(outgoing), learners: [] }
  return { group: id, configuration, commit: 10 }
}

function damageOf(groups: readonly DamagedGroup[] | null, nodes = [1, 2, 3]): Damage {
  const peers = pack(nodes.map((node) => ({ node, address: `p:${node}` })))
  return { directory: '/data', reason: 'a hole', identity, peers, groups }
}

t.test('a directory can be spared where every group has a majority without it', async (t) => {
  const three = damageOf([group(0, [1, 2, 3]), group(1, [2, 3]), group(2, [1, 2, 3])])
  t.ok(isExpendable(three, [hello(2), hello(3)]))
  t.notOk(isExpendable(three, [hello(2)]))
  t.notOk(isExpendable(three, [hello(2), hello(3, { incarnation: 2 })]), 'it lost its data, too')
  t.notOk(isExpendable(three, [hello(2), hello(3, { isDamaged: true })]))
  t.notOk(isExpendable(three, [hello(2), hello(3, { clusterId: 'ef'.repeat(16) })]))
  const blank = { clusterId: null, node: null, incarnation: null }
  t.notOk(isExpendable(three, [hello(2), hello(3, blank)]))
  t.notOk(isExpendable(damageOf([group(0, [1])], [1]), []), 'a node alone has all there is')
  t.notOk(isExpendable(damageOf([group(0, [1, 2])]), [hello(2), hello(3)]), 'one of two is half')
  const joint = damageOf([group(0, [1, 2, 3], [1, 4, 5])], [1, 2, 3, 4, 5])
  t.notOk(isExpendable(joint, [hello(2), hello(3), hello(4)]), 'both halves of a change count')
  t.ok(isExpendable(joint, [hello(2), hello(3), hello(4), hello(5)]))
})

/** What the leader of a group says; with `isLed` false, what another replica does. */
function seen(id: number, voters: readonly number[], { term = 5, isLed = true } = {}) {
  const { configuration } = group(id, voters)
  return { ...configuration, group: id, term, caughtUp: isLed ? configuration.voters : null }
}

t.test('where nothing is known of the groups, all others must be there, and lead', async (t) => {
  const others = [hello(2), hello(3)]
  const all = [seen(0, [1, 2, 3]), seen(1, [1, 2, 3])]
  for (const damage of [damageOf(null), damageOf([])]) {
    t.ok(isExpendable(damage, others, all))
    t.notOk(isExpendable(damage, [hello(2)], all))
    t.notOk(isExpendable(damage, others), 'they may have just begun to join')
    t.notOk(isExpendable(damage, others, [seen(1, [1, 2, 3])]), 'nobody leads the metadata')
    const unled = seen(1, [1, 2, 3], { isLed: false })
    t.notOk(isExpendable(damage, others, [seen(0, [1, 2, 3]), unled]))
    t.notOk(isExpendable(damage, others, [seen(0, [1]), seen(1, [1, 2, 3])]), 'all others learn')
  }
  t.notOk(isExpendable(damageOf(null, [1, 2]), [hello(2)], all))
  t.notOk(isExpendable({ ...damageOf(null), peers: null }, others, all))
})

t.test('of whom a group consists its leader knows better than a log that ends early', async (t) => {
  const others = [hello(2), hello(3)]
  const three = { ...group(2, [1, 2, 3]), configuration: null }
  const early = damageOf([group(0, [1]), group(1, [1, 2]), three])
  const later = [seen(0, [1, 2, 3]), seen(1, [1, 2, 3]), seen(2, [2, 3])]
  t.ok(isExpendable(early, others, later))
  t.notOk(isExpendable(early, others), 'it may be all there is')
  t.notOk(isExpendable(early, others, later.slice(1)))
  t.notOk(isExpendable(early, others, later.slice(0, 2)))
  t.notOk(isExpendable(early, [hello(2)], later), 'who leads may have lost the others by now')
  const unled = later.map((report) => ({ ...report, caughtUp: null }))
  t.notOk(isExpendable(early, others, unled))
  t.ok(isExpendable(early, others, [seen(0, [1, 4, 5], { term: 4 }), ...later]))
  const elsewhere = damageOf([group(0, [1, 2, 3])], [1, 2, 3, 4, 5])
  t.notOk(isExpendable(elsewhere, others, [seen(0, [1, 4, 5])]), 'its data may be the last')
})

function only<Type extends Output['type']>(outputs: readonly Output[], type: Type) {
  return outputs.filter((output): output is Extract<Output, { type: Type }> => output.type === type)
}

const tick = (nowMs: number): Input => ({ type: 'tick', nowMs, wallMs: 5 })

t.test('it asks the others until they can do without it, and then ends', async (t) => {
  const member = new DamagedMember(damageOf([group(0, [1, 2, 3])]), addresses)
  const first = member.step([tick(1)])
  t.same(
    only(first, 'peers')[0]?.peers.map(({ node }) => node),
    [2, 3]
  )
  t.same(
    only(first, 'probe-peer').map(({ address }) => address),
    ['p:2', 'p:3']
  )
  const answer = (outputs: readonly Output[], results: readonly (PeerHello | null)[]) =>
    member.step(
      only(outputs, 'probe-peer').map(({ id }, at): Input => {
        return { type: 'probe-done', id, result: results[at] ?? { error: 'nobody there' } }
      })
    )
  t.same(only(answer(first, [hello(2), null]), 'exit'), [])
  t.notOk(member.isExpendable)
  t.same(
    member.status().nodes.map(({ id, state }) => `${id} ${state}`),
    ['1 damaged', '2 up', '3 down']
  )
  t.same(member.step([tick(50)]), [], 'not at every tick')
  const second = member.step([tick(10_000)])
  t.match(only(answer(second, [hello(2), hello(3)]), 'exit'), [{ code: 0 }])
  t.ok(member.isExpendable)
  t.notOk(member.status().ready)
  t.match(member.status().notReadyReason, /damaged: a hole/)
  t.match(member.status().warnings.join(), /holdfast recover --data \/data --accept-loss/)
})

t.test('what leaders tell of groups counts until they would have told it anew', async (t) => {
  const member = new DamagedMember(damageOf([group(0, [1])]), addresses)
  const linked = { type: 'peer-up', link: 7, lane: 'gateway', direction: 'in' } as const
  member.step([tick(1), { ...linked, hello: hello(2), address: 'p:2' }])
  const round = (nowMs: number): boolean => {
    const probes = only(member.step([tick(nowMs)]), 'probe-peer')
    t.equal(probes.length, 2)
    const nodes = [hello(2), hello(3)]
    member.step(
      probes.map(({ id }, at): Input => {
        return { type: 'probe-done', id, result: nodes[at] ?? { error: 'nobody' } }
      })
    )
    return member.isExpendable
  }
  t.notOk(round(10_000))
  const tell = (): void => {
    const writer = startFrame(1)
    const report = { ...seen(0, [1, 2, 3]), leader: 2, commit: 9, applied: 9 }
    writePeerMessage(writer, { type: 'cast', cast: { type: 'status', groups: [report] } })
    member.step([{ type: 'peer-frame', link: 7, bytes: join(writer.take()) }])
  }
  tell()
  t.notOk(round(10_001 + 2 * times.statusRepeatMs))
  tell()
  t.ok(round(17_000))
})

t.test('it counts those that it does not know, as long as they tell', async (t) => {
  const member = new DamagedMember(damageOf([group(0, [1])], [1]), addresses)
  for (const node of [2, 3]) {
    const linked = { type: 'peer-up', link: node, lane: 'gateway', direction: 'in' } as const
    member.step([{ ...linked, hello: hello(node), address: `p:${node}` }])
  }
  const tell = (node: number): void => {
    const writer = startFrame(1)
    const report = {
      ...seen(0, [1, 2, 3], { isLed: node === 2 }),
      leader: 2,
      commit: 9,
      applied: 9
    }
    writePeerMessage(writer, { type: 'cast', cast: { type: 'status', groups: [report] } })
    member.step([{ type: 'peer-frame', link: node, bytes: join(writer.take()) }])
  }
  const isSpared = (nowMs: number): boolean => {
    member.step([tick(nowMs)])
    return member.isExpendable
  }
  t.notOk(isSpared(1))
  tell(3)
  t.notOk(isSpared(2_600), 'who leads has told nothing')
  tell(2)
  t.notOk(isSpared(5_200), 'node 3 has told nothing for long')
  tell(2)
  tell(3)
  member.step([{ type: 'peer-down', link: 3 }])
  t.notOk(isSpared(7_800), 'node 3 is not there')
  const linked = { type: 'peer-up', link: 3, lane: 'gateway', direction: 'in' } as const
  member.step([{ ...linked, hello: hello(3), address: 'p:3' }])
  for (const node of [2, 3]) tell(node)
  t.match(only(member.step([tick(10_400)]), 'exit'), [{ code: 0 }])
  t.ok(member.isExpendable)
})

t.test('it serves what is intact and committed, and takes part in nothing else', async (t) => {
  const member = new DamagedMember(damageOf([group(4, [1, 2, 3])]), addresses)
  const up: Input = {
    type: 'peer-up',
    link: 7,
    lane: 'gateway',
    direction: 'in',
    hello: hello(2),
    address: 'p:2'
  }
  member.step([tick(1), up])
  const ask = (index: number, of = 4): readonly Output[] => {
    const writer = startFrame(1)
    const call = { type: 'fetch-entry', group: of, index } as const
    writePeerMessage(writer, { type: 'call', id: 9, call })
    return member.step([{ type: 'peer-frame', link: 7, bytes: join(writer.take()) }])
  }
  const answered = (outputs: readonly Output[]) => {
    const [sent] = only(outputs, 'peer-send')
    t.match(sent, { node: 2, lane: 'gateway', after: null })
    const [message] = readPeerFrame(join(sent?.chunks ?? [])).messages
    return message?.type === 'result' ? message.result : null
  }
  // They may be intact all the same.
  for (const outputs of [ask(11), ask(1, 5)]) {
    t.match(answered(outputs), { type: 'error', error: { code: 'DATA_DAMAGED' } })
  }
  const entry = { index: 10, term: 3, type: 'command', data: new Uint8Array([1, 2]) } as const
  const [read] = only(ask(10), 'read-entries')
  t.match(read, { group: 4, range: { first: 10, last: 10 } })
  const id = read?.id ?? 0
  const served = answered(
    member.step([{ type: 'read-done', id, results: [{ type: 'entry', entry }] }])
  )
  t.same(served?.type === 'entry' && readEntry(new ByteReader(served.entry)), entry)
  const [again] = only(ask(9), 'read-entries')
  const damaged: Input = { type: 'read-done', id: again?.id ?? 0, results: [{ type: 'damaged' }] }
  t.match(answered(member.step([damaged])), { error: { code: 'ENTRY_DAMAGED' } })
  const writer = startFrame(1)
  const vote = {
    type: 'vote-request',
    from: replicaOf(2, 1),
    to: replicaOf(1, 1),
    term: 9,
    commit: 0
  } as const
  const message = { ...vote, pre: false, transfer: false, last: { index: 99, term: 9 } }
  writePeerMessage(writer, { type: 'raft', group: 4, message })
  t.same(member.step([{ type: 'peer-frame', link: 7, bytes: join(writer.take()) }]), [])
  t.match(member.step([{ type: 'peer-frame', link: 7, bytes: Buffer.from('no frame') }]), [
    { type: 'peer-close', link: 7 }
  ])
  const request = { type: 'list-vhosts' } as const
  t.match(member.step([{ type: 'admin', id: 3, request }]), [
    { type: 'admin-reply', id: 3, result: { error: { code: 'DATA_DAMAGED' } } }
  ])
  t.match(member.step([{ type: 'drain' }]), [{ type: 'exit', code: 0 }])
})
