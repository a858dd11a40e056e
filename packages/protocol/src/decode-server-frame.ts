// Reads the frames of a server for the SDK, as strictly as a server reads those of a client: a
// delivery reaches the application only if every record in it is whole.
import { HoldfastError, type WireError } from '@holdfast/errors'
import { recordLimits, scanRecords } from '@holdfast/record'
import type { ClientEvent } from './client-event.ts'
import { FrameCursor } from './frame-cursor.ts'
import { protocolLimits } from './limits.ts'
import { serverOperation } from './operations.ts'
import { parseNodes, parseWireError } from './results.ts'
import { isNatural } from './validate.ts'

/** Largest value in a frame that is not a delivery. */
const valueBytesMax = protocolLimits.requestBytesMax

/**
 * Reads one frame of a server.
 * @throws FRAME_INVALID, OPERATION_UNKNOWN
 */
export function decodeServerFrame(bytes: Uint8Array): ClientEvent {
  const cursor = new FrameCursor(bytes)
  const fields = cursor.array()
  const operation = cursor.integer()
  const expected = fieldsOf(operation)
  if (fields !== expected) throw invalid(`it has ${fields} fields instead of ${expected}`)
  const event = decodeFields(cursor, operation)
  cursor.end()
  return event
}

function fieldsOf(operation: number): number {
  switch (operation) {
    case serverOperation.heartbeat:
      return 1
    case serverOperation.settled:
    case serverOperation.closing:
    case serverOperation.nodes:
      return 2
    case serverOperation.welcome:
    case serverOperation.confirm:
    case serverOperation.consumerCancelled:
    case serverOperation.settleFailed:
      return 3
    case serverOperation.response:
    case serverOperation.publishFailed:
      return 4
    case serverOperation.deliver:
      return 9
    default:
      throw new HoldfastError('OPERATION_UNKNOWN', { operation })
  }
}

function decodeFields(cursor: FrameCursor, operation: number): ClientEvent {
  switch (operation) {
    case serverOperation.welcome:
      return decodeWelcome(cursor)
    case serverOperation.response: {
      const requestId = cursor.integer()
      const error = decodeErrorOrNull(cursor)
      return { type: 'response', requestId, error, result: cursor.value(valueBytesMax) }
    }
    case serverOperation.confirm: {
      const ranges = decodeRanges(cursor)
      return { type: 'confirm', ranges, credit: cursor.integer() }
    }
    case serverOperation.publishFailed: {
      const first = cursor.integer()
      const last = cursor.integer()
      if (last < first) throw invalid('a range ends before it begins')
      return { type: 'publish-failed', first, last, error: decodeError(cursor) }
    }
    case serverOperation.deliver:
      return decodeDeliver(cursor)
    case serverOperation.settled:
      return { type: 'settled', ranges: decodeRanges(cursor) }
    case serverOperation.consumerCancelled:
      return {
        type: 'consumer-cancelled',
        consumer: cursor.integer(),
        error: decodeError(cursor)
      }
    case serverOperation.closing:
      return { type: 'closed', error: decodeErrorOrNull(cursor) }
    case serverOperation.nodes:
      return { type: 'nodes', nodes: parseNodes(cursor.value(valueBytesMax)) }
    case serverOperation.settleFailed:
      return {
        type: 'settle-failed',
        settleSequence: cursor.integer(),
        error: decodeError(cursor)
      }
    default:
      return { type: 'heartbeat' }
  }
}

function decodeWelcome(cursor: FrameCursor): ClientEvent {
  const version = cursor.integer()
  const value = cursor.value(valueBytesMax)
  if (typeof value !== 'object' || value === null) throw invalid('the welcome holds no map')
  const { clusterId, node, heartbeatMs, credit, nodes } = value as Record<string, unknown>
  if (typeof clusterId !== 'string' || !isNatural(node) || !isNatural(credit)) {
    throw invalid('the welcome is not complete')
  }
  if (!isNatural(heartbeatMs) || heartbeatMs < protocolLimits.heartbeatMsMin) {
    throw invalid('the heartbeat interval of the welcome is too short')
  }
  const addresses = parseNodes(nodes)
  return { type: 'welcome', version, clusterId, node, heartbeatMs, credit, nodes: addresses }
}

function decodeDeliver(cursor: FrameCursor): ClientEvent {
  const run = {
    consumer: cursor.integer(),
    exchange: cursor.text(protocolLimits.nameBytesMax),
    routingKey: cursor.text(protocolLimits.nameBytesMax),
    firstOffset: cursor.integer(),
    count: cursor.integer(),
    attempt: cursor.integer(),
    deliveryCount: cursor.integer(),
    blob: cursor.binary()
  }
  if (run.count < 1 || run.count > recordLimits.recordsMax) throw invalid('a run has no such count')
  if (!Number.isSafeInteger(run.firstOffset + run.count)) throw invalid('a run ends above 2^53')
  try {
    scanRecords(run.blob, run.count)
  } catch (error) {
    throw invalid(HoldfastError.from(error).message)
  }
  return { type: 'deliver', run }
}

function decodeRanges(cursor: FrameCursor): readonly number[] {
  const ranges = cursor.integers(2 * protocolLimits.rangesMax)
  if (ranges.length % 2 !== 0) throw invalid('ranges come in pairs')
  for (let i = 0; i < ranges.length; i += 2) {
    if ((ranges[i + 1] ?? 0) < (ranges[i] ?? 0)) throw invalid('a range ends before it begins')
  }
  return ranges
}

function decodeError(cursor: FrameCursor): WireError {
  return parseWireError(cursor.value(valueBytesMax))
}

function decodeErrorOrNull(cursor: FrameCursor): WireError | null {
  const value = cursor.value(valueBytesMax)
  return value === null ? null : parseWireError(value)
}

function invalid(reason: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason })
}
