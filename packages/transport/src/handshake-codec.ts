// The four messages by which two nodes introduce themselves, as bytes. Each travels behind a u32
// length. The layout of magic, version and refusal never changes, so that old and new can part
// politely.
//
//   opening   := magic:8 version:u16 purpose:u8 lane:u8 nonce:16 hello
//   challenge := magic:8 1:u8 version:u16 nonce:16 hello proof:32
//   answer    := proof:32 offer?                 (offer: only to adopt)
//   verdict   := magic:8 2:u8 hello
//   refusal   := magic:8 0:u8 code:text message:text
//   hello     := cluster:text node:u32 incarnation:u32 store:text epoch:u48 client:text peer:text
//                http:text isDamaged:u8
//   offer     := cluster:text node:u32 incarnation:u32 count:u16 (node:u32 address:text)*
import type { AdoptOffer, Lane, PeerHello } from '@holdfast/cluster'
import { catalogue, type ErrorCode, HoldfastError } from '@holdfast/errors'
import { ByteReader, ByteWriter } from './byte-codec.ts'

const magic = Buffer.from('HOLDFAST', 'latin1')

/** Raised with every change of the layout of hello, proof, offer or link frames. */
export const peerProtocolVersion = 2

export const nonceBytes = 16
export const proofBytes = 32

/** Process epochs are drawn below this. */
export const processEpochMax: number = 2 ** 48

export type Purpose = 'link' | 'probe' | 'adopt'

const purposes: readonly Purpose[] = ['link', 'probe', 'adopt']
const lanes: readonly Lane[] = ['raft', 'gateway']

export interface Opening {
  readonly purpose: Purpose
  readonly lane: Lane
  readonly nonce: Uint8Array
  readonly hello: PeerHello
}

export interface Challenge {
  readonly nonce: Uint8Array
  readonly hello: PeerHello
  readonly proof: Uint8Array
  /** What the proof covers: the message without the proof. */
  readonly body: Uint8Array
}

const invalid = (reason: string): HoldfastError => new HoldfastError('FRAME_INVALID', { reason })

function writeHello(writer: ByteWriter, hello: PeerHello): void {
  writer
    .text(hello.clusterId ?? '')
    .unsigned(hello.node ?? 0, 4)
    .unsigned(hello.incarnation ?? 0, 4)
    .text(hello.storeId)
    .unsigned(hello.processEpoch, 6)
    .text(hello.client)
    .text(hello.peer)
    .text(hello.http)
    .unsigned(hello.isDamaged === true ? 1 : 0, 1)
}

function readHello(reader: ByteReader): PeerHello {
  const clusterId = reader.text()
  const node = reader.unsigned(4)
  const incarnation = reader.unsigned(4)
  const isBlank = clusterId === ''
  if (isBlank !== (node === 0) || isBlank !== (incarnation === 0)) {
    throw invalid('a hello names a cluster, a node and an incarnation, or none of them')
  }
  const hello = {
    clusterId: isBlank ? null : clusterId,
    node: isBlank ? null : node,
    incarnation: isBlank ? null : incarnation,
    storeId: reader.text(),
    processEpoch: reader.unsigned(6),
    client: reader.text(),
    peer: reader.text(),
    http: reader.text()
  }
  const damaged = reader.unsigned(1)
  if (damaged > 1) throw invalid('a flag is 0 or 1')
  return damaged === 1 ? { ...hello, isDamaged: true } : hello
}

function expectMagic(reader: ByteReader): void {
  if (!reader.raw(magic.length).equals(magic)) throw invalid('this is not a Holdfast peer link')
}

export function encodeOpening(opening: Opening): Buffer {
  const writer = new ByteWriter()
    .raw(magic)
    .unsigned(peerProtocolVersion, 2)
    .unsigned(purposes.indexOf(opening.purpose), 1)
    .unsigned(lanes.indexOf(opening.lane), 1)
    .raw(opening.nonce)
  writeHello(writer, opening.hello)
  return writer.finish()
}

/** @throws FRAME_INVALID, VERSION_UNSUPPORTED */
export function decodeOpening(bytes: Uint8Array): Opening {
  const reader = new ByteReader(bytes)
  expectMagic(reader)
  const version = reader.unsigned(2)
  if (version !== peerProtocolVersion) {
    throw new HoldfastError('VERSION_UNSUPPORTED', { version, supported: peerProtocolVersion })
  }
  const purpose = purposes[reader.unsigned(1)]
  const lane = lanes[reader.unsigned(1)]
  if (purpose === undefined || lane === undefined) throw invalid('unknown purpose or lane')
  const nonce = reader.raw(nonceBytes)
  const hello = readHello(reader)
  reader.end()
  return { purpose, lane, nonce, hello }
}

/** The part of a challenge that the proof covers; the proof follows it on the wire. */
export function encodeChallengeBody(nonce: Uint8Array, hello: PeerHello): Buffer {
  const writer = new ByteWriter()
    .raw(magic)
    .unsigned(1, 1)
    .unsigned(peerProtocolVersion, 2)
    .raw(nonce)
  writeHello(writer, hello)
  return writer.finish()
}

/** @throws FRAME_INVALID, VERSION_UNSUPPORTED, or what a refusal carries. */
export function decodeChallenge(bytes: Uint8Array): Challenge {
  const reader = openAnswer(bytes, 1)
  const version = reader.unsigned(2)
  if (version !== peerProtocolVersion) {
    throw new HoldfastError('VERSION_UNSUPPORTED', { version, supported: peerProtocolVersion })
  }
  const nonce = reader.raw(nonceBytes)
  const hello = readHello(reader)
  const body = bytes.subarray(0, reader.position)
  const proof = reader.raw(proofBytes)
  reader.end()
  return { nonce, hello, proof, body }
}

export function encodeVerdict(hello: PeerHello): Buffer {
  const writer = new ByteWriter().raw(magic).unsigned(2, 1)
  writeHello(writer, hello)
  return writer.finish()
}

/** @throws FRAME_INVALID, or what a refusal carries. */
export function decodeVerdict(bytes: Uint8Array): PeerHello {
  const reader = openAnswer(bytes, 2)
  const hello = readHello(reader)
  reader.end()
  return hello
}

export function encodeRefusal(error: HoldfastError): Buffer {
  const message = error.message.slice(0, 1024)
  return new ByteWriter().raw(magic).unsigned(0, 1).text(error.code).text(message).finish()
}

/** A refusal by the other side, as it is told here. */
export class PeerRefusal extends Error {
  override readonly name = 'PeerRefusal'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

function openAnswer(bytes: Uint8Array, kind: 1 | 2): ByteReader {
  const reader = new ByteReader(bytes)
  expectMagic(reader)
  const found = reader.unsigned(1)
  if (found === 0) {
    const code = reader.text()
    const message = reader.text()
    reader.end()
    throw new PeerRefusal(
      Object.hasOwn(catalogue, code) ? (code as ErrorCode) : 'INTERNAL',
      message
    )
  }
  if (found !== kind) throw invalid('an answer of another kind was expected')
  return reader
}

export function encodeOffer(offer: AdoptOffer): Buffer {
  const writer = new ByteWriter()
    .text(offer.clusterId)
    .unsigned(offer.node, 4)
    .unsigned(offer.incarnation, 4)
    .unsigned(offer.peers.length, 2)
  for (const peer of offer.peers) writer.unsigned(peer.node, 4).text(peer.address)
  return writer.finish()
}

/** @throws FRAME_INVALID */
export function decodeOffer(bytes: Uint8Array): AdoptOffer {
  const reader = new ByteReader(bytes)
  const clusterId = reader.text()
  const node = reader.unsigned(4)
  const incarnation = reader.unsigned(4)
  if (!/^[0-9a-f]{32}$/.test(clusterId) || node === 0 || incarnation === 0) {
    throw invalid('an offer names a cluster, a node and an incarnation')
  }
  const peers: { node: number; address: string }[] = []
  const count = reader.unsigned(2)
  for (let position = 0; position < count; position++) {
    peers.push({ node: reader.unsigned(4), address: reader.text() })
  }
  reader.end()
  return { clusterId, node, incarnation, peers }
}
