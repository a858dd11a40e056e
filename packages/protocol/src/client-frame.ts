// The frames of a client: what they hold, how they are read by a server and written by the SDK.
// Field by field by position, so that no name of a stranger becomes a key.
//
//   hello       := [1, version, {producer, epoch, name, vhost, heartbeatMs, user, password}]
//   request     := [2, requestId, name, arguments]
//   publish     := [3, exchange, routingKey, flags, firstSequence, lowestUnconfirmed, count, blob]
//   settle      := [4, settleSequence, consumer, outcome, [first, last, attempt, …]]
//   want-credit := [5, bytes]
//   heartbeat   := [6]
//   close       := [7]
import { HoldfastError } from '@holdfast/errors'
import { isReservedProducer, recordLimits, scanRecords } from '@holdfast/record'
import { FrameCursor } from './frame-cursor.ts'
import { FrameWriter } from './frame-writer.ts'
import { protocolLimits } from './limits.ts'
import { clientOperation, outcomeNumber, outcomes, publishFlag } from './operations.ts'
import type { HelloEvent, PublishEvent, SettleEvent, WantCreditEvent } from './server-event.ts'
import {
  checkCredentials,
  checkHeldRanges,
  checkKeys,
  checkName,
  isNatural,
  mapOf
} from './validate.ts'
import { protocolVersionsSupported } from './version.ts'

/** What a client says first. */
export interface Hello extends Omit<HelloEvent, 'type' | 'version' | 'user' | 'password'> {
  /** Wish; 0 leaves it to the server. */
  readonly heartbeatMs: number
  /** Both or neither. */
  readonly user?: string | null
  readonly password?: string | null
}

export type ClientFrame =
  | (HelloEvent & { readonly heartbeatMs: number })
  | {
      readonly type: 'request'
      readonly requestId: number
      readonly name: string
      readonly args: unknown
    }
  /** `refusal`: the frame is sound but its content is not; only these messages fail. */
  | (PublishEvent & { readonly refusal: HoldfastError | null })
  | SettleEvent
  | WantCreditEvent
  | { readonly type: 'heartbeat' }
  | { readonly type: 'close' }

/** Longest name of a request. */
const requestNameBytesMax = 64

/**
 * Reads one frame of a client.
 * @throws FRAME_INVALID, OPERATION_UNKNOWN, HANDSHAKE_REQUIRED, VERSION_UNSUPPORTED
 */
export function decodeClientFrame(bytes: Uint8Array, isHelloExpected: boolean): ClientFrame {
  const cursor = new FrameCursor(bytes)
  const fields = cursor.array()
  const operation = cursor.integer()
  if (isHelloExpected && operation !== clientOperation.hello) {
    throw new HoldfastError('HANDSHAKE_REQUIRED')
  }
  const frame = decodeFields(cursor, operation, fields)
  cursor.end()
  return frame
}

function decodeFields(cursor: FrameCursor, operation: number, fields: number): ClientFrame {
  switch (operation) {
    case clientOperation.hello:
      return decodeHello(cursor, fields)
    case clientOperation.request: {
      expectFields(fields, 4)
      const requestId = cursor.integer()
      const name = cursor.text(requestNameBytesMax)
      const args = cursor.value(protocolLimits.requestBytesMax)
      return { type: 'request', requestId, name, args }
    }
    case clientOperation.publish:
      expectFields(fields, 8)
      return decodePublish(cursor)
    case clientOperation.settle:
      expectFields(fields, 5)
      return decodeSettle(cursor)
    case clientOperation.wantCredit:
      expectFields(fields, 2)
      return { type: 'want-credit', bytes: cursor.integer() }
    case clientOperation.heartbeat:
      expectFields(fields, 1)
      return { type: 'heartbeat' }
    case clientOperation.close:
      expectFields(fields, 1)
      return { type: 'close' }
    default:
      throw new HoldfastError('OPERATION_UNKNOWN', { operation })
  }
}

const helloKeys = ['producer', 'epoch', 'name', 'vhost', 'heartbeatMs', 'user', 'password']

function decodeHello(cursor: FrameCursor, fields: number): ClientFrame {
  const version = cursor.integer()
  if (!protocolVersionsSupported.includes(version)) {
    const supported = protocolVersionsSupported.join(', ')
    throw new HoldfastError('VERSION_UNSUPPORTED', { version, supported })
  }
  expectFields(fields, 3)
  try {
    const map = mapOf(cursor.value(protocolLimits.helloBytesMax), 'the map of a hello')
    checkKeys('hello', map, helloKeys)
    const { producer, epoch, name, vhost, heartbeatMs, user, password } = map as Partial<Hello>
    if (!(producer instanceof Uint8Array) || producer.length !== 16) {
      throw invalid('the producer must have 16 bytes')
    }
    if (isReservedProducer(producer)) {
      throw invalid('the producer is one of those that nodes keep for themselves')
    }
    if (!isNatural(epoch)) throw invalid('the epoch must be a natural number')
    if (heartbeatMs !== undefined && !isNatural(heartbeatMs)) {
      throw invalid('the heartbeat interval must be a natural number of ms')
    }
    return {
      type: 'hello',
      version,
      // Kept for as long as the connection lives, so it must not pin the chunk it came in.
      producer: new Uint8Array(producer),
      epoch,
      name: checkName('client', name ?? '', 0),
      vhost: checkName('vhost', vhost),
      heartbeatMs: heartbeatMs ?? 0,
      ...checkCredentials(user, password)
    }
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'REQUEST_INVALID') {
      throw invalid('the hello holds no map')
    }
    throw error
  }
}

function decodePublish(cursor: FrameCursor): ClientFrame {
  const exchange = cursor.text(protocolLimits.nameBytesMax)
  const routingKey = cursor.text(protocolLimits.nameBytesMax)
  const flags = cursor.integer()
  const firstSequence = cursor.integer()
  const lowestUnconfirmed = cursor.integer()
  const count = cursor.integer()
  const blob = cursor.binary()
  if (flags > 3) throw invalid('a flag is not known')
  if (firstSequence < 1 || lowestUnconfirmed < 1 || lowestUnconfirmed > firstSequence) {
    throw invalid('the sequences of a publish contradict each other')
  }
  if (count < 1 || count > recordLimits.recordsMax) {
    throw invalid(`a publish holds 1 to ${recordLimits.recordsMax} records`)
  }
  if (!Number.isSafeInteger(firstSequence + count)) throw invalid('its sequences end above 2^53')
  return {
    type: 'publish',
    exchange,
    routingKey,
    mandatory: (flags & publishFlag.mandatory) !== 0,
    first: (flags & publishFlag.first) !== 0,
    firstSequence,
    lowestUnconfirmed,
    count,
    blob,
    refusal: refusalOf(blob, count)
  }
}

/** A message that is too large or has an unknown property fails alone; broken bytes end it all. */
function refusalOf(blob: Uint8Array, count: number): HoldfastError | null {
  try {
    scanRecords(blob, count)
    return null
  } catch (error) {
    if (error instanceof HoldfastError && error.row.closes === 'call') return error
    throw error
  }
}

function decodeSettle(cursor: FrameCursor): ClientFrame {
  const settleSequence = cursor.integer()
  const consumer = cursor.integer()
  const outcome = outcomes[cursor.integer()]
  const ranges = cursor.integers(3 * protocolLimits.rangesMax)
  if (outcome === undefined) throw invalid('an outcome is not known')
  try {
    return {
      type: 'settle',
      settleSequence,
      consumer,
      outcome,
      ranges: checkHeldRanges(ranges)
    }
  } catch (error) {
    const reason = HoldfastError.from(error).details['reason'] ?? 'ranges are not valid'
    throw invalid(String(reason))
  }
}

function expectFields(found: number, expected: number): void {
  if (found !== expected) throw invalid(`it has ${found} fields instead of ${expected}`)
}

function invalid(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}

/** Writes the frames of a client. */
export class ClientFrameWriter {
  readonly #frames = new FrameWriter()

  get bufferedBytes(): number {
    return this.#frames.bufferedBytes
  }

  hello(version: number, hello: Hello): void {
    this.#frames.begin(clientOperation.hello, 3)
    this.#frames.integer(version)
    this.#frames.value(hello)
    this.#frames.end()
  }

  request(requestId: number, name: string, args: unknown): void {
    this.#frames.begin(clientOperation.request, 4)
    this.#frames.integer(requestId)
    this.#frames.text(name)
    this.#frames.value(args)
    this.#frames.end()
  }

  publish(publish: Omit<PublishEvent, 'type'>): void {
    const { mandatory, first } = publish
    this.#frames.begin(clientOperation.publish, 8)
    this.#frames.text(publish.exchange)
    this.#frames.text(publish.routingKey)
    this.#frames.integer((mandatory ? publishFlag.mandatory : 0) + (first ? publishFlag.first : 0))
    this.#frames.integer(publish.firstSequence)
    this.#frames.integer(publish.lowestUnconfirmed)
    this.#frames.integer(publish.count)
    this.#frames.endWithBlob(publish.blob)
  }

  settle(settle: Omit<SettleEvent, 'type'>): void {
    this.#frames.begin(clientOperation.settle, 5)
    this.#frames.integer(settle.settleSequence)
    this.#frames.integer(settle.consumer)
    this.#frames.integer(outcomeNumber(settle.outcome))
    this.#frames.integers(settle.ranges)
    this.#frames.end()
  }

  wantCredit(bytes: number): void {
    this.#frames.begin(clientOperation.wantCredit, 2)
    this.#frames.integer(bytes)
    this.#frames.end()
  }

  heartbeat(): void {
    this.#frames.begin(clientOperation.heartbeat, 1)
    this.#frames.end()
  }

  close(): void {
    this.#frames.begin(clientOperation.close, 1)
    this.#frames.end()
  }

  take(): readonly Uint8Array[] {
    return this.#frames.take()
  }
}
