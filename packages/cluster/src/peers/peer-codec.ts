// What nodes say to each other. A frame is a run of messages; the carrier adds length and checksum.
//   frame   := version:u8 wallMs:number message*
//   message := kind:u8 body
// Raft messages go in the raft lane, all others in the gateway lane.
import { HoldfastError, unreachable } from '@holdfast/errors'
import type { DeliveryRun } from '@holdfast/protocol'
import type { Message } from '@holdfast/raft'
import { pack, scanRecord, unpack, utf8Decode, utf8Encode } from '@holdfast/record'
import type { GroupId } from '../log-store.ts'
import { ByteReader, retain } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Call, CallResult, Cast } from './peer-message.ts'
import { readCall, readCallResult, readCast, readOutcomes } from './peer-shape.ts'
import { readRaftMessage, writeRaftMessage } from './raft-codec.ts'

export const peerVersion = 9

/** Publishes on their way to a shard's leader. Numbers are gapless per gateway and shard. */
export interface Forward {
  readonly type: 'forward'
  readonly group: GroupId
  readonly epoch: number
  readonly sections: readonly { readonly number: number; readonly bytes: Uint8Array }[]
}

/** Outcomes of forwarded sections, runs of equal outcome together. */
export interface ForwardResult {
  readonly type: 'forward-result'
  readonly group: GroupId
  readonly epoch: number
  readonly outcomes: readonly ForwardOutcome[]
}

export type ForwardOutcome =
  | { readonly type: 'accepted'; readonly first: number; readonly last: number }
  /** Took effect, but these queues are gone. */
  | { readonly type: 'missing'; readonly number: number; readonly queues: readonly number[] }
  /** Refused for good, with a code of the catalogue. */
  | {
      readonly type: 'refused'
      readonly number: number
      readonly code: string
      readonly details: Readonly<Record<string, string | number>>
    }
  /** Not taken: send again from this number on, to the leader, after a pause. */
  | { readonly type: 'again'; readonly from: number }

/** What a relayed consumer is given: `run.consumer` is the gateway's number of the attachment. */
export interface Deliver {
  readonly type: 'deliver'
  readonly run: DeliveryRun
}

export type PeerMessage =
  | { readonly type: 'raft'; readonly group: GroupId; readonly message: Message }
  | Forward
  | ForwardResult
  | { readonly type: 'call'; readonly id: number; readonly call: Call }
  | { readonly type: 'result'; readonly id: number; readonly result: CallResult }
  | { readonly type: 'cast'; readonly cast: Cast }
  | Deliver

const kinds = {
  raft: 1,
  forward: 2,
  'forward-result': 3,
  call: 4,
  result: 5,
  cast: 6,
  deliver: 7
} as const

export const frameHeaderBytes = 9

export function startFrame(wallMs: number): ByteWriter {
  const writer = new ByteWriter()
  writer.u8(peerVersion)
  writer.number(wallMs)
  return writer
}

export function writePeerMessage(writer: ByteWriter, message: PeerMessage): void {
  writer.u8(kinds[message.type])
  switch (message.type) {
    case 'raft':
      writer.u32(message.group)
      return writeRaftMessage(writer, message.message)
    case 'forward':
      writer.u32(message.group)
      writer.number(message.epoch)
      writer.u32(message.sections.length)
      for (const section of message.sections) {
        writer.number(section.number)
        writer.bytes(section.bytes)
      }
      return
    case 'forward-result':
      writer.u32(message.group)
      writer.number(message.epoch)
      return writer.bytes(pack(message.outcomes))
    case 'call':
      writer.number(message.id)
      return writer.bytes(pack(message.call))
    case 'result':
      writer.number(message.id)
      return writer.bytes(pack(message.result))
    case 'cast':
      return writer.bytes(pack(message.cast))
    case 'deliver':
      return writeRun(writer, message.run)
    default:
      return unreachable(message)
  }
}

export interface PeerFrame {
  readonly wallMs: number
  readonly messages: readonly PeerMessage[]
}

/** @throws FRAME_INVALID, VERSION_UNSUPPORTED */
export function readPeerFrame(bytes: Uint8Array): PeerFrame {
  const reader = new ByteReader(bytes)
  const version = reader.u8()
  if (version !== peerVersion) {
    throw new HoldfastError('VERSION_UNSUPPORTED', { version, supported: peerVersion })
  }
  const wallMs = reader.number()
  const messages: PeerMessage[] = []
  while (!reader.isAtEnd) messages.push(readPeerMessage(reader))
  return { wallMs, messages }
}

function readPeerMessage(reader: ByteReader): PeerMessage {
  const kind = reader.u8()
  switch (kind) {
    case kinds.raft:
      return { type: 'raft', group: reader.u32(), message: readRaftMessage(reader) }
    case kinds.forward:
      return readForward(reader)
    case kinds['forward-result']: {
      const group = reader.u32()
      const epoch = reader.number()
      const outcomes = readOutcomes(unpack(reader.bytes()))
      return { type: 'forward-result', group, epoch, outcomes }
    }
    case kinds.call:
      return { type: 'call', id: reader.number(), call: readCall(unpack(reader.bytes())) }
    case kinds.result:
      return {
        type: 'result',
        id: reader.number(),
        result: readCallResult(unpack(reader.bytes()))
      }
    case kinds.cast:
      return { type: 'cast', cast: readCast(unpack(reader.bytes())) }
    case kinds.deliver:
      return { type: 'deliver', run: readRun(reader) }
    default:
      throw new HoldfastError('FRAME_INVALID', { reason: `peer message of kind ${kind}` })
  }
}

function readForward(reader: ByteReader): Forward {
  const group = reader.u32()
  const epoch = reader.number()
  const count = reader.u32()
  const sections: { number: number; bytes: Uint8Array }[] = []
  for (let i = 0; i < count; i++) {
    sections.push({ number: reader.number(), bytes: retain(reader.bytes()) })
  }
  return { type: 'forward', group, epoch, sections }
}

function writeRun(writer: ByteWriter, run: DeliveryRun): void {
  writer.number(run.consumer)
  writer.bytes(utf8Encode(run.exchange))
  writer.bytes(utf8Encode(run.routingKey))
  writer.number(run.firstOffset)
  writer.u32(run.count)
  writer.number(run.attempt)
  writer.number(run.deliveryCount)
  writer.bytes(run.blob)
}

function readRun(reader: ByteReader): DeliveryRun {
  const consumer = reader.number()
  const exchange = utf8Decode(reader.bytes())
  const routingKey = utf8Decode(reader.bytes())
  const firstOffset = reader.number()
  const count = reader.u32()
  const attempt = reader.number()
  const deliveryCount = reader.number()
  const blob = retain(reader.bytes())
  checkRecords(blob, count)
  return { consumer, exchange, routingKey, firstOffset, count, attempt, deliveryCount, blob }
}

/** A gateway takes messages apart: what are no records ends here. @throws FRAME_INVALID */
function checkRecords(blob: Uint8Array, count: number): void {
  let position = 0
  for (let at = 0; at < count; at++) position = scanRecord(blob, position, blob.length, true)
  if (position === blob.length && count > 0) return
  throw new HoldfastError('FRAME_INVALID', { reason: 'a run has other records than it says' })
}
