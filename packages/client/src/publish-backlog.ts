// The bound of what an application may have published without an outcome. It is far above the
// window: who publishes without awaiting is slowed down by promises that take longer, not by
// errors.
import { HoldfastError } from '@holdfast/errors'
import { clientLimits } from './limits.ts'

/** @throws LIMIT_REACHED if there would be more than the bound. */
export function checkBacklog(messages: number, bytes: number): void {
  const { waitingMessagesMax, waitingBytesMax } = clientLimits
  if (messages > waitingMessagesMax) {
    const details = { limit: waitingMessagesMax, kind: 'publishes without an outcome' }
    throw new HoldfastError('LIMIT_REACHED', details)
  }
  if (bytes > waitingBytesMax) {
    const details = { limit: waitingBytesMax, kind: 'bytes of publishes without an outcome' }
    throw new HoldfastError('LIMIT_REACHED', details)
  }
}
