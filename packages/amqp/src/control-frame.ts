// Frames of channel 0, which control the connection itself (AMQP 0-9-1 §4.2.3, §4.2.7).
import { frameType, methodIdIn } from './frame-codec.ts'
import { decodeMethod, type Method } from './method-codec.ts'
import { AmqpError } from './replies.ts'

export type Farewell = 'close' | 'close-ok'

/** A heartbeat is of channel 0, whatever it says. */
export function isOfChannel(type: number, channel: number): boolean {
  return channel !== 0 && type !== frameType.heartbeat
}

/** The method in a frame; null: it was a heartbeat. @throws 501, 505, 502 */
export function controlMethod(type: number, channel: number, payload: Uint8Array): Method | null {
  if (type === frameType.heartbeat) {
    if (payload.length > 0) throw new AmqpError('FRAME_ERROR', 'a heartbeat is not empty')
    if (channel === 0) return null
    throw unexpected('a heartbeat is of channel 0')
  }
  if (channel !== 0) {
    throw unexpected(`a frame of channel ${channel} came before connection.open-ok`)
  }
  if (type !== frameType.method) throw unexpected('only methods and heartbeats are of channel 0')
  return decodeMethod(payload)
}

/** What counts once this side has closed: the answer, or that the client closed as well. */
export function farewellIn(type: number, channel: number, payload: Uint8Array): Farewell | null {
  const { classId, methodId } = methodIdIn(type, payload)
  if (channel !== 0 || classId !== 10) return null
  if (methodId === 50) return 'close'
  return methodId === 51 ? 'close-ok' : null
}

function unexpected(explanation: string): AmqpError {
  return new AmqpError('UNEXPECTED_FRAME', explanation)
}
