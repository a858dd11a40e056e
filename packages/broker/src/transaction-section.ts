// A transaction of a client as a section of a shard entry: publishes and settlements that happen
// together or not at all. It takes one number of its gateway, so that one in limbo happens once.
//
//   section := length:u32 kind:u8=4 replica:natural epoch:natural number:natural flags:u8
//              count:u32 part*
//   flags   := bit 0: first of the gateway
//   part    := a publish section (publish-section.ts) of the same number, without a producer
//            | a settle section (shard-codec.ts)
//
// The parts are whole sections, so that a message in one is found and read like any other.
import { ByteWriter, malformed, readUint32 } from './bytes.ts'
import {
  encodePublishSection,
  type GatewayId,
  openNumbered,
  type PublishHeader,
  type PublishSection,
  publishKind,
  publishSectionBytes,
  readPublishHeader,
  readSectionAlone
} from './publish-section.ts'
import { shardLimits } from './queue/limits.ts'
import { decodeCommandSection, encodeCommandSection, settleSectionBytes } from './shard-codec.ts'
import type { SettleCommand } from './shard-command.ts'

export const transactionKind = 4

/** All but the parts. */
const fixedBytes = 4 + 1 + 24 + 1 + 4

/** Bytes of an empty section of each kind, less than which no part takes. */
const partBytesMin = 5

/** The place of a section in the stream of its gateway. */
export interface SectionNumber {
  readonly gateway: GatewayId
  readonly number: number
  readonly first: boolean
}

export interface TransactionSection extends SectionNumber {
  readonly publishes: readonly Pick<
    PublishSection,
    'exchange' | 'routingKey' | 'queues' | 'count' | 'blob'
  >[]
  readonly settlements: readonly SettleCommand[]
}

/** A transaction as it lies in an entry. */
export interface TransactionHeader extends SectionNumber {
  readonly publishes: readonly PublishHeader[]
  readonly settlements: readonly SettleCommand[]
  /** All that it publishes to. */
  readonly queues: readonly number[]
}

/** Bytes of the encoded section. */
export function transactionSectionBytes({
  publishes,
  settlements
}: Omit<TransactionSection, keyof SectionNumber>): number {
  let bytes = fixedBytes
  for (const publish of publishes) bytes += publishSectionBytes({ ...publish, producer: null })
  for (const settlement of settlements) bytes += settleSectionBytes(settlement)
  return bytes
}

/** The section as slices: bodies are not copied. */
export function encodeTransactionSection(section: TransactionSection): readonly Uint8Array[] {
  const { gateway, number, first, publishes, settlements } = section
  const parts = [
    ...publishes.flatMap((publish) =>
      encodePublishSection({ gateway, number, first, producer: null, ...publish })
    ),
    ...settlements.map(encodeCommandSection)
  ]
  const writer = new ByteWriter(64)
  writer.u32(0)
  writer.u8(transactionKind)
  writer.natural(gateway.replica)
  writer.natural(gateway.epoch)
  writer.natural(number)
  writer.u8(first ? 1 : 0)
  writer.u32(publishes.length + settlements.length)
  const partBytes = parts.reduce((bytes, part) => bytes + part.length, 0)
  writer.patch32(0, writer.length - 4 + partBytes)
  return [writer.finish(), ...parts]
}

/**
 * The transaction at `position`; records are not looked at.
 * @throws FRAME_INVALID
 */
export function readTransaction(data: Uint8Array, position: number): TransactionHeader {
  const { reader, gateway, number } = openNumbered(data, position)
  const flags = reader.u8()
  if (flags > 1) throw malformed('flags of a transaction are not known')
  const publishes: PublishHeader[] = []
  const settlements: SettleCommand[] = []
  const count = reader.count(shardLimits.transactionPartsMax, partBytesMin)
  for (let left = count; left > 0; left--) {
    const start = reader.position
    const partBytes = reader.u32()
    if (partBytes === 0) throw malformed('a part is empty')
    reader.skip(partBytes)
    if (data[start + 4] === publishKind) publishes.push(readPart(data, start, gateway, number))
    else settlements.push(readSettlement(data, start))
  }
  reader.finish()
  const queues = [...new Set(publishes.flatMap((publish) => publish.queues))]
  return { gateway, number, first: flags === 1, publishes, settlements, queues }
}

/**
 * What a gateway sends, alone in `section`, as a leader wants it before it puts it beside others.
 * @throws FRAME_INVALID
 */
export function readForwarded(section: Uint8Array): PublishHeader | TransactionHeader {
  if (section[4] !== transactionKind) return readSectionAlone(section)
  if (readUint32(section, 0) !== section.length - 4) throw malformed('it is not one section')
  return readTransaction(section, 0)
}

function readPart(
  data: Uint8Array,
  start: number,
  gateway: GatewayId,
  number: number
): PublishHeader {
  const header = readPublishHeader(data, start)
  const { replica, epoch } = header.gateway
  const isOfIt = replica === gateway.replica && epoch === gateway.epoch && header.number === number
  if (!isOfIt) throw malformed('a part has another number than its transaction')
  if (header.producer !== null) throw malformed('a part of a transaction has a producer')
  return header
}

function readSettlement(data: Uint8Array, start: number): SettleCommand {
  const command = decodeCommandSection(data, start)
  if (command.type !== 'settle') throw malformed(`a transaction holds no '${command.type}'`)
  return command
}
