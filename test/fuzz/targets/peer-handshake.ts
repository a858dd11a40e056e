// The messages by which nodes introduce themselves, before any proof: openings, challenges,
// verdicts, offers. What is accepted is encoded again to the same bytes.
import type * as handshakeCodec from '../../../packages/transport/src/handshake-codec.ts'
import { internal } from '../internal.ts'
import { joined, must, refusedOr, type Target } from '../target.ts'

const codec = await internal<typeof handshakeCodec>('transport', 'handshake-codec')

type Decode = (bytes: Uint8Array) => Uint8Array

const kinds: readonly Decode[] = [
  (bytes) => codec.encodeOpening(codec.decodeOpening(bytes)),
  (bytes) => {
    const { nonce, hello, proof, body } = codec.decodeChallenge(bytes)
    must(body.length + proof.length === bytes.length, 'the proof covers all but itself')
    return joined(codec.encodeChallengeBody(nonce, hello), proof)
  },
  (bytes) => codec.encodeVerdict(codec.decodeVerdict(bytes)),
  (bytes) => codec.encodeOffer(codec.decodeOffer(bytes))
]

/** `input := kind:u8 message` */
function run(input: Uint8Array): void {
  const bytes = input.subarray(1)
  const kind = kinds[(input[0] ?? 0) % kinds.length]
  let again: Uint8Array | null
  try {
    again = refusedOr(() => kind?.(bytes) ?? null)
  } catch (error) {
    if (error instanceof codec.PeerRefusal) return
    throw error
  }
  if (again !== null) must(Buffer.compare(again, bytes) === 0, 'one message has one form')
}

const hello = {
  clusterId: 'ab'.repeat(16),
  node: 2,
  incarnation: 1,
  storeId: 'f'.repeat(32),
  processEpoch: 2 ** 40,
  client: '127.0.0.1:1',
  peer: '127.0.0.1:2',
  http: '127.0.0.1:3'
}
const blank = { ...hello, clusterId: null, node: null, incarnation: null }
const nonce = new Uint8Array(codec.nonceBytes).fill(3)
const peers = [
  { node: 1, address: '127.0.0.1:2' },
  { node: 2, address: '127.0.0.1:5' }
]

export const target: Target = {
  bytesMax: 1024,
  seeds: [
    joined(0, codec.encodeOpening({ purpose: 'link', lane: 'raft', nonce, hello })),
    joined(0, codec.encodeOpening({ purpose: 'adopt', lane: 'gateway', nonce, hello: blank })),
    joined(1, codec.encodeChallengeBody(nonce, hello), new Uint8Array(codec.proofBytes)),
    joined(2, codec.encodeVerdict(hello)),
    joined(2, 72, 79, 76, 68, 70, 65, 83, 84, 0, 0, 1, 65, 0, 1, 66),
    joined(3, codec.encodeOffer({ clusterId: hello.clusterId, node: 3, incarnation: 1, peers }))
  ],
  run
}
