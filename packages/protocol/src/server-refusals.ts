// Why the end of a connection at the server ends it, in words; and how long a frame may be, which
// follows from the credit that the client has.
import { HoldfastError } from '@holdfast/errors'
import type { ClientFrame } from './client-frame.ts'
import { protocolLimits } from './limits.ts'

/** Longest frame of a client that may publish `availableBytes`; its requests always fit. */
export function frameLimit(availableBytes: number): number {
  const { frameBytesMax, requestBytesMax, frameHeaderBytesMax } = protocolLimits
  const content = Math.max(requestBytesMax, availableBytes)
  return Math.min(frameBytesMax, content + frameHeaderBytesMax)
}

/** A frame that only lacks credit says so; any other error stays what it is. */
export function beyondCredit(error: unknown, availableBytes: number): unknown {
  const isTooLarge = error instanceof HoldfastError && error.code === 'FRAME_TOO_LARGE'
  if (!isTooLarge || Number(error.details['size']) > protocolLimits.frameBytesMax) return error
  return new HoldfastError('CREDIT_EXCEEDED', { credit: availableBytes }, { cause: error })
}

export function repeatedHello(): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason: 'a second hello' })
}

/** What a client may say before it is welcome: who it is may take a while to find out. */
const patient: ReadonlySet<ClientFrame['type']> = new Set(['hello', 'heartbeat', 'close'])

export function refuseHasty(type: ClientFrame['type']): void {
  if (patient.has(type)) return
  const reason = `a ${type} may not be sent before the welcome`
  throw new HoldfastError('FRAME_INVALID', { reason })
}

export function tooMuchWanted(bytes: number): HoldfastError {
  const reason = `credit of ${bytes} bytes is more than one message can need`
  return new HoldfastError('FRAME_INVALID', { reason })
}

export function notGrowing(what: string): HoldfastError {
  return new HoldfastError('FRAME_INVALID', { reason: `${what} must grow` })
}
