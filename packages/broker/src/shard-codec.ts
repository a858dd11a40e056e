// Commands of a shard as sections of an entry. Settlements are frequent and have a form of their
// own; all others are one msgpack array with a code in front, checked field by field.
//
//   command := length:u32 kind:u8=2 msgpack [code, field…]
//   settle  := length:u32 kind:u8=3 queue:natural session:text tag:text outcome:u8
//              count:u32 (first:natural last:natural attempt:natural)*
import { unreachable } from '@holdfast/errors'
import { pack, unpack, utf8Length } from '@holdfast/record'
import { ByteReader, ByteWriter, malformed, readUint32 } from './bytes.ts'
import { type LengthLimit, overflows } from './queue/length-limit.ts'
import { shardLimits } from './queue/limits.ts'
import type { DeadLetterSettings, QueueSettings } from './queue/settings.ts'
import type {
  Outcome,
  QueueMark,
  QueueRanges,
  Release,
  SettleCommand,
  ShardCommand,
  TopologyChange
} from './shard-command.ts'
import { checkRanges, checkSession, Fields } from './shard-fields.ts'

export const commandKind = 2
export const settleKind = 3

const outcomes: readonly Outcome[] = ['accepted', 'released', 'rejected', 'unseen']

/** Bytes of the encoded section of a settlement. */
export function settleSectionBytes({ consumer, ranges }: SettleCommand): number {
  return 22 + utf8Length(consumer.session) + utf8Length(consumer.tag) + ranges.length * 8
}

function encodeSettle(command: SettleCommand): Uint8Array {
  const writer = new ByteWriter(80 + command.ranges.length * 8)
  writer.u32(0)
  writer.u8(settleKind)
  writer.natural(command.queue)
  writer.text(command.consumer.session)
  writer.text(command.consumer.tag)
  writer.u8(outcomes.indexOf(command.outcome))
  writer.u32(command.ranges.length / 3)
  for (const number of command.ranges) writer.natural(number)
  writer.patch32(0, writer.length - 4)
  return writer.finish()
}

function changeFields(change: TopologyChange): readonly unknown[] {
  if (change.type === 'delete-queue') return [2, change.cursor, change.queue]
  const { cursor, queue, vhost, name, settings } = change
  if (settings === undefined) return [1, cursor, queue, vhost, name]
  const { autoDelete, expiresMs, messageTtlMs, singleActive } = settings
  const { deadLetter, lengthLimit, deliveryLimit, maxPriority } = settings
  const { exchange = null, routingKey = null } = deadLetter ?? {}
  const { messages = null, bytes = null, overflow = null } = lengthLimit ?? {}
  const options = [autoDelete, expiresMs, messageTtlMs, singleActive, exchange, routingKey]
  const length = [messages, bytes, overflow]
  return [3, cursor, queue, vhost, name, ...options, ...length, deliveryLimit, maxPriority]
}

function fields(command: Exclude<ShardCommand, SettleCommand>): readonly unknown[] {
  switch (command.type) {
    case 'topology':
      return [1, command.upTo, command.changes.map(changeFields)]
    case 'purge-queue':
      return [2, command.queue, command.keep]
    case 'attach-consumer': {
      const { queue, consumer, prefetch, autoAck, exclusive, priority } = command
      const { session, tag } = consumer
      return [3, queue, session, tag, prefetch, autoAck, exclusive, priority]
    }
    case 'detach-consumer':
      return [4, command.queue, command.consumer.session, command.consumer.tag, command.release]
    case 'detach-session':
      return [5, command.session, command.releases.map(({ queue, ranges }) => [queue, ranges])]
    case 'advance-marks':
      return [6, command.marks.map(({ queue, mark }) => [queue, mark])]
    case 'return-unclaimed':
      return [7, command.queue, command.claimed]
    case 'delete-queue-if':
      return [8, command.queue, command.ifUnused, command.ifEmpty, command.held]
    case 'tick':
      return [9]
    case 'activate-version':
      return [10, command.version]
    case 'use-queue':
      return [11, command.queue]
    case 'expire-messages':
      return [13, command.queues.map(({ queue, ranges }) => [queue, ranges])]
    case 'remove-dead-letters':
      return [14, command.queue, command.numbers]
    case 'reserve-messages':
      return [15, command.queue, command.mark, command.take, command.free]
    case 'reserve-by-priority':
      return [16, command.queue, command.free, command.room]
    default:
      return unreachable(command)
  }
}

/** The section of a command, in one piece. @throws REQUEST_INVALID for a name that is not UTF-8 */
export function encodeCommandSection(command: ShardCommand): Uint8Array {
  if (command.type === 'settle') return encodeSettle(command)
  const packed = pack(fields(command))
  const writer = new ByteWriter(5 + packed.length)
  writer.u32(1 + packed.length)
  writer.u8(commandKind)
  writer.raw(packed)
  return writer.finish()
}

function decodeSettle(reader: ByteReader): SettleCommand {
  const queue = reader.positive()
  const session = checkSession(reader.text(shardLimits.nameBytesMax))
  const tag = reader.text(shardLimits.nameBytesMax)
  const outcome = outcomes[reader.u8()]
  if (outcome === undefined) throw malformed('an outcome is not known')
  const count = reader.count(shardLimits.rangesMax, 24)
  const ranges: number[] = new Array(count * 3)
  for (let index = 0; index < ranges.length; index++) ranges[index] = reader.natural()
  reader.finish()
  checkRanges(ranges, 3)
  return { type: 'settle', queue, consumer: { session, tag }, outcome, ranges }
}

function readSettings(item: Fields): QueueSettings {
  return {
    autoDelete: item.boolean(),
    expiresMs: item.natural(shardLimits.expiresMsMax),
    messageTtlMs: item.optional((value) => value.natural(shardLimits.messageTtlMsMax)),
    singleActive: item.boolean(),
    deadLetter: readDeadLetter(item),
    lengthLimit: readLengthLimit(item),
    deliveryLimit: item.optional((value) => value.natural()),
    maxPriority: item.natural(shardLimits.maxPriorityMax)
  }
}

function readDeadLetter(item: Fields): DeadLetterSettings | null {
  const [exchange, routingKey] = [item.textOrNull(), item.textOrNull()]
  if (exchange !== null) return { exchange, routingKey }
  if (routingKey !== null) throw malformed('a dead letter routing key needs an exchange')
  return null
}

function readLengthLimit(item: Fields): LengthLimit | null {
  const messages = item.optional((value) => value.natural())
  const bytes = item.optional((value) => value.natural())
  const name = item.textOrNull()
  if (name === null && messages === null && bytes === null) return null
  const overflow = overflows.find((known) => known === name)
  if (overflow === undefined) throw malformed('an overflow is not known')
  return { messages, bytes, overflow }
}

function readChange(item: Fields): TopologyChange {
  const code = item.natural()
  const cursor = item.positive()
  const queue = item.positive()
  if (code === 1) {
    return { type: 'create-queue', cursor, queue, vhost: item.text(), name: item.text() }
  }
  if (code === 2) return { type: 'delete-queue', cursor, queue }
  if (code === 3) {
    const [vhost, name] = [item.text(), item.text()]
    return { type: 'create-queue', cursor, queue, vhost, name, settings: readSettings(item) }
  }
  throw malformed('a change of topology is not known')
}

function readTopology(source: Fields): ShardCommand {
  const upTo = source.natural()
  const changes = source.list(readChange)
  let before = 0
  for (const { cursor } of changes) {
    if (cursor <= before || cursor > upTo) throw malformed('changes of topology are out of order')
    before = cursor
  }
  return { type: 'topology', upTo, changes }
}

function readRelease(item: Fields): Release {
  return { queue: item.positive(), ranges: item.ranges(3) }
}

function readRanges(item: Fields): QueueRanges {
  return { queue: item.positive(), ranges: item.ranges(2) }
}

function readExpiring(source: Fields): ShardCommand {
  const queues = source.list(readRanges)
  let count = 0
  for (const { ranges } of queues) {
    for (let at = 0; at < ranges.length; at += 2) {
      count += (ranges[at + 1] ?? 0) - (ranges[at] ?? 0) + 1
    }
  }
  if (count > shardLimits.expiringMax) throw malformed('too many messages expire at once')
  return { type: 'expire-messages', queues }
}

function readMark(item: Fields): QueueMark {
  return { queue: item.positive(), mark: item.natural() }
}

function readAttach(source: Fields): ShardCommand {
  return {
    type: 'attach-consumer',
    queue: source.positive(),
    consumer: source.consumer(),
    prefetch: source.natural(shardLimits.prefetchMax),
    autoAck: source.boolean(),
    exclusive: source.boolean(),
    priority: source.integer()
  }
}

function readDetach(source: Fields): ShardCommand {
  const queue = source.positive()
  const consumer = source.consumer()
  return { type: 'detach-consumer', queue, consumer, release: source.ranges(3) }
}

function readDeleteIf(source: Fields): ShardCommand {
  const queue = source.positive()
  const [ifUnused, ifEmpty] = [source.boolean(), source.boolean()]
  return { type: 'delete-queue-if', queue, ifUnused, ifEmpty, held: source.ranges(2) }
}

function readReserve(source: Fields): ShardCommand {
  const [queue, mark, take] = [source.positive(), source.natural(), source.ranges(2)]
  return { type: 'reserve-messages', queue, mark, take, free: source.ranges(2) }
}

function readCommand(source: Fields): ShardCommand {
  const code = source.natural()
  switch (code) {
    case 1:
      return readTopology(source)
    case 2:
      return { type: 'purge-queue', queue: source.positive(), keep: source.ranges(2) }
    case 3:
      return readAttach(source)
    case 4:
      return readDetach(source)
    case 5: {
      const session = source.session()
      return { type: 'detach-session', session, releases: source.list(readRelease) }
    }
    case 6:
      return { type: 'advance-marks', marks: source.list(readMark) }
    case 7:
      return { type: 'return-unclaimed', queue: source.positive(), claimed: source.ranges(2) }
    case 8:
      return readDeleteIf(source)
    case 9:
      return { type: 'tick' }
    case 10:
      return { type: 'activate-version', version: source.positive() }
    case 11:
      return { type: 'use-queue', queue: source.positive() }
    case 13:
      return readExpiring(source)
    case 14:
      return { type: 'remove-dead-letters', queue: source.positive(), numbers: source.ranges(2) }
    case 15:
      return readReserve(source)
    case 16:
      return {
        type: 'reserve-by-priority',
        queue: source.positive(),
        free: source.ranges(2),
        room: source.natural(shardLimits.roomMax)
      }
    default:
      throw malformed(`command ${code} is not known`)
  }
}

/** The command in the section at `position`, whose extent was checked. @throws FRAME_INVALID */
export function decodeCommandSection(data: Uint8Array, position: number): ShardCommand {
  const length = readUint32(data, position)
  const start = position + 5
  const end = position + 4 + length
  const kind = data[position + 4] ?? 0
  if (kind === settleKind) return decodeSettle(new ByteReader(data, start, end))
  if (kind !== commandKind) throw malformed(`section kind ${kind} is not known`)
  const source = new Fields(unpack(data.subarray(start, end)))
  const command = readCommand(source)
  source.finish()
  return command
}
