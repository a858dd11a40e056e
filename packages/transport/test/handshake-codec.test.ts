// The messages of the handshake: round trips, and bad input.

import { HoldfastError } from '@holdfast/errors'
import t from 'tap'
import {
  decodeChallenge,
  decodeOffer,
  decodeOpening,
  decodeVerdict,
  encodeChallengeBody,
  encodeOffer,
  encodeOpening,
  encodeRefusal,
  encodeVerdict,
  nonceBytes,
  proofBytes
} from '../src/handshake-codec.ts'
import { clusterA, helloOf } from './harness.ts'

const hello = helloOf(7, { processEpoch: 2 ** 48 - 1, client: '[::1]:1' })
const nonce = Buffer.alloc(nonceBytes, 9)
const opening = { purpose: 'adopt', lane: 'gateway', nonce, hello } as const
const offer = {
  clusterId: clusterA,
  node: 2,
  incarnation: 3,
  peers: [
    { node: 1, address: '127.0.0.1:7673' },
    { node: 2, address: '127.0.0.1:7683' }
  ]
}
const challenge = Buffer.concat([encodeChallengeBody(nonce, hello), Buffer.alloc(proofBytes, 4)])

t.test('round trips', async (t) => {
  t.same(decodeOpening(encodeOpening(opening)), opening)
  const blank = { ...opening, hello: helloOf(null) }
  t.same(decodeOpening(encodeOpening(blank)), blank)
  const decoded = decodeChallenge(challenge)
  t.same(decoded.hello, hello)
  t.same(decoded.nonce, nonce)
  t.same(decoded.proof, Buffer.alloc(proofBytes, 4))
  t.same(decodeVerdict(encodeVerdict(hello)), hello)
  t.same(decodeOffer(encodeOffer(offer)), offer)
})

t.test('a refusal reaches the other side as code and text', async (t) => {
  const refusal = encodeRefusal(new HoldfastError('JOIN_TOKEN_WRONG', { address: 'x:1' }))
  t.throws(() => decodeChallenge(refusal), { name: 'PeerRefusal', code: 'JOIN_TOKEN_WRONG' })
  t.throws(() => decodeVerdict(refusal), { name: 'PeerRefusal', message: /join token/ })
})

t.test('another version is refused by name', async (t) => {
  const bytes = encodeOpening(opening)
  bytes.writeUInt16BE(99, 8)
  t.throws(() => decodeOpening(bytes), { code: 'VERSION_UNSUPPORTED' })
})

t.test('truncated at every byte, and with bits flipped: coded errors only', async (t) => {
  const cases: [Buffer, (bytes: Buffer) => unknown][] = [
    [encodeOpening(opening), decodeOpening],
    [challenge, decodeChallenge],
    [encodeVerdict(hello), decodeVerdict],
    [encodeOffer(offer), decodeOffer]
  ]
  const isCoded = (error: unknown): boolean =>
    error instanceof HoldfastError || (error as Error).name === 'PeerRefusal'
  for (const [bytes, decode] of cases) {
    for (let length = 0; length < bytes.length; length++) {
      t.throws(() => decode(bytes.subarray(0, length)), { code: 'FRAME_INVALID' })
    }
    t.throws(() => decode(Buffer.concat([bytes, Buffer.alloc(1)])), { code: 'FRAME_INVALID' })
    let uncoded = 0
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bad = Buffer.from(bytes)
      const position = Math.floor(bit / 8)
      bad[position] = (bad[position] ?? 0) ^ (1 << (bit % 8))
      try {
        decode(bad)
      } catch (error) {
        if (!isCoded(error)) uncoded++
      }
    }
    t.equal(uncoded, 0)
  }
})

t.test('half an identity is no identity', async (t) => {
  const half = encodeVerdict(helloOf(1, { incarnation: 0 }))
  t.throws(() => decodeVerdict(half), { code: 'FRAME_INVALID' })
  t.throws(() => decodeOffer(encodeOffer({ ...offer, clusterId: 'x' })), { code: 'FRAME_INVALID' })
})
