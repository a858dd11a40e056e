// The peer port: strangers, a wrong token, another cluster, and a peer that knows the token and
// still sends what no member would. The link ends, the node does not.
import { connect } from 'node:net'
import { deflateRawSync } from 'node:zlib'
import { type Input, type PeerHello, peerVersion } from '@holdfast/cluster'
import { pack } from '@holdfast/record'
import { eventually, Random } from '@holdfast/testkit'
import { Transport } from '@holdfast/transport'
import t, { type Test } from 'tap'
import { startTarget, type Target } from './healthy-client.ts'

t.setTimeout(280_000)

const strangerNode = 77

/** A peer of its own kind: links to the node, and sends frames as it likes. */
class HostilePeer {
  readonly inputs: Input[] = []
  readonly reasons: string[] = []
  readonly #transport: Transport

  constructor(target: Target, clusterId: string, token: string) {
    const hello: PeerHello = {
      clusterId,
      node: strangerNode,
      incarnation: 1,
      storeId: 'f'.repeat(32),
      processEpoch: 5,
      client: '127.0.0.1:1',
      peer: '127.0.0.1:1',
      http: '127.0.0.1:1'
    }
    this.#transport = new Transport({
      hello,
      token,
      tls: null,
      input: (input) => this.inputs.push(input),
      log: (_, __, { reason = '' }) => this.reasons.push(String(reason)),
      random: () => 0.5
    })
    this.#transport.setPeers([{ node: 1, address: target.node.peer }])
  }

  #count(type: Input['type']): number {
    return this.inputs.filter((input) => input.type === type).length
  }

  async linked(count: number): Promise<void> {
    const areUp = (): boolean => this.#count('peer-up') - this.#count('peer-down') >= count
    await eventually('links', areUp)
  }

  send(lane: 'raft' | 'gateway', bytes: Uint8Array): void {
    this.#transport.send(1, lane, [bytes])
    this.#transport.flush()
  }

  /** Sends a frame and waits until the node has closed the link for it. */
  async isClosedFor(lane: 'raft' | 'gateway', bytes: Uint8Array): Promise<boolean> {
    await this.linked(2)
    const before = this.#count('peer-down')
    this.send(lane, bytes)
    await eventually('the end of the link', () => this.#count('peer-down') > before)
    return true
  }

  close(): Promise<void> {
    return this.#transport.close()
  }
}

async function clusterIdOf(target: Target): Promise<string> {
  return (await target.cluster.admin.cluster()).clusterId
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function f64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return bytes
}

/** A peer frame of this version. */
function frame(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.of(peerVersion), f64(Date.now()), ...parts])
}

function packed(kind: number, value: unknown, ...head: readonly Uint8Array[]): Buffer {
  const bytes = pack(value)
  return frame(Buffer.of(kind), ...head, u32(bytes.length), bytes)
}

/** A publish section whose own length lies. */
function section(length: number): Buffer {
  return Buffer.concat([u32(length), Buffer.of(1), Buffer.alloc(60)])
}

function forward(bytes: Uint8Array): Buffer {
  return frame(Buffer.of(2), u32(1), f64(1), u32(1), f64(1), u32(bytes.length), bytes)
}

function raft(type: number, ...fields: readonly Uint8Array[]): Buffer {
  const self = 2 ** 20 + 1
  const head = [f64(strangerNode * 2 ** 20 + 1), f64(self), f64(1)]
  return frame(Buffer.of(1), u32(1), Buffer.of(type), ...head, ...fields)
}

const broken: readonly (readonly [string, 'raft' | 'gateway', Uint8Array])[] = [
  ['another version', 'gateway', Buffer.concat([Buffer.of(peerVersion - 1), f64(1)])],
  ['no time', 'gateway', Buffer.of(peerVersion, 2, 3)],
  ['a time that is none', 'gateway', Buffer.concat([Buffer.of(peerVersion), f64(Number.NaN)])],
  ['an unknown kind', 'gateway', frame(Buffer.of(99))],
  ['a length that lies', 'gateway', frame(Buffer.of(6), u32(2 ** 31), Buffer.of(1))],
  ['a cast without a type', 'gateway', packed(6, {})],
  ['a cast of an unknown type', 'gateway', packed(6, { type: 'nonsense' })],
  ['a status that is none', 'gateway', packed(6, { type: 'status', groups: [{ group: 1 }] })],
  ['a call of an unknown type', 'gateway', packed(4, { type: 'nonsense' }, f64(1))],
  [
    'a command that is none',
    'gateway',
    packed(4, { type: 'shard', group: 1, command: { type: 'tock' } }, f64(1))
  ],
  ['deep msgpack', 'gateway', frame(Buffer.of(6), u32(9_000), Buffer.alloc(9_000, 0x91))],
  ['outcomes that are none', 'gateway', packed(3, [{ type: 'again' }], u32(1), f64(1))],
  ['a result that is none', 'gateway', packed(5, { type: 'reply', reply: 7 }, f64(1))],
  ['a section that claims more', 'gateway', forward(section(4_000_000_000))],
  ['a section that claims less', 'gateway', forward(section(10))],
  [
    'a count of sections that lies',
    'gateway',
    frame(Buffer.of(2), u32(1), f64(1), u32(2 ** 32 - 1))
  ],
  ['an unknown raft message', 'raft', raft(99)],
  ['a raft message that is cut', 'raft', raft(0, Buffer.of(0))],
  ['an entry count that lies', 'raft', raft(2, f64(0), f64(0), f64(0), f64(1), u32(2 ** 32 - 1))],
  [
    'a snapshot with a configuration that is none',
    'raft',
    raft(6, f64(1), f64(9), f64(1), u32(3), Buffer.of(9, 9, 9), u32(0))
  ]
]

/** Sound frames that ask for what makes no sense: answered or dropped. */
const odd: readonly Uint8Array[] = [
  packed(4, { type: 'metadata', command: { type: 'nonsense' } }, f64(1)),
  packed(4, { type: 'reconfigure', group: 1, voters: [], learners: [] }, f64(2)),
  packed(4, { type: 'reconfigure', group: 1, voters: [1, 1], learners: [1] }, f64(3)),
  packed(4, { type: 'snapshot-blobs', group: 9_999, index: 1, ids: [1] }, f64(4)),
  packed(4, { type: 'snapshot-blobs', group: 1, index: 0, ids: [1, 2, 3] }, f64(5)),
  packed(4, { type: 'fetch-entry', group: 1, index: 2 ** 52 }, f64(6)),
  packed(4, { type: 'fetch-entry', group: 1, index: 0 }, f64(7)),
  packed(4, { type: 'inspect', group: 3, queue: 2 ** 52 }, f64(8)),
  packed(4, { type: 'transfer', group: 1, to: strangerNode }, f64(9)),
  packed(5, { type: 'done' }, f64(4_711)),
  packed(3, [{ type: 'accepted', first: 1, last: 2 ** 52 }], u32(1), f64(1)),
  packed(6, { type: 'lease-renew', sequence: 1, applied: 2 ** 52, term: 1 })
]

async function strangers(t: Test, target: Target): Promise<void> {
  const random = new Random(31)
  const [host = '', port = ''] = target.node.peer.split(':')
  const pieces: readonly Uint8Array[] = [
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    u32(0xffffffff),
    Buffer.concat([u32(60), Buffer.from('HOLDFAST'), Buffer.alloc(52, 0xff)]),
    Buffer.concat([u32(60_000), Buffer.alloc(60_000)]),
    deflateRawSync(random.bytes(2_000)),
    ...Array.from({ length: 40 }, () => random.bytes(random.integer(1, 300)))
  ]
  let open = pieces.length + 300
  const dial = (bytes: Uint8Array): void => {
    const socket = connect(Number(port), host, () => socket.write(bytes))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      open--
    })
    socket.resume()
  }
  for (const bytes of pieces) dial(bytes)
  for (let flood = 0; flood < 300; flood++) dial(new Uint8Array(1))
  await eventually('the end of all strangers', () => open === 0, { timeoutMs: 20_000 })
  t.pass('strangers are sent away in time')
}

t.test('a hostile peer costs its link, and nothing else', async (t) => {
  const target = await startTarget(t)
  const clusterId = await clusterIdOf(target)
  const { token } = target.cluster
  await strangers(t, target)
  const untold = new HostilePeer(target, clusterId, 'another token')
  const isWrongToken = (): boolean => untold.reasons.some((reason) => /join token/.test(reason))
  await eventually('JOIN_TOKEN_WRONG', isWrongToken)
  await untold.close()
  const other = new HostilePeer(target, 'a'.repeat(32), token)
  const isForeign = (): boolean => other.reasons.some((reason) => /belongs to cluster/.test(reason))
  await eventually('NODE_OF_ANOTHER_CLUSTER', isForeign)
  await other.close()
  const peer = new HostilePeer(target, clusterId, token)
  for (const [what, lane, bytes] of broken) t.ok(await peer.isClosedFor(lane, bytes), what)
  await peer.linked(2)
  for (const bytes of odd) peer.send('gateway', bytes)
  const random = new Random(32)
  for (let round = 0; round < 300; round++) {
    await peer.linked(2)
    const bytes = Buffer.from(
      random.pick([...odd, ...broken.map(([, , frameBytes]) => frameBytes)])
    )
    bytes[random.integer(9, bytes.length - 1) % bytes.length] = random.integer(0, 255)
    peer.send(random.pick(['raft', 'gateway'] as const), bytes)
  }
  await peer.close()
  await target.judge(t)
})
