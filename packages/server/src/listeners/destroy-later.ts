// The end of a socket that this side has ended: whoever never closes its own side does not keep it.
import type { Duplex } from 'node:stream'
import { serverLimits } from '../limits.ts'

/** Destroys it after a while, unless it closes by itself. */
export function destroyLater(socket: Duplex): void {
  const timer = setTimeout(() => socket.destroy(), serverLimits.socketEndTimeoutMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}
