// What a client of AMQP that has closed its connection waits for before it is told so: whoever
// connects next, to any node, is to find the messages that it held, and its names to be free.
import type { Core } from '../core.ts'
import { times } from '../limits.ts'
import type { AmqpSession } from './amqp-session.ts'
import { Pending } from './pending.ts'

/** Answers once, when all of a closed session is let go of, or it takes too long. */
export function whenLetGo(core: Core, session: AmqpSession, done: () => void): void {
  const parts = new Pending()
  let isDone = false
  const end = (): void => {
    if (!isDone) done()
    isDone = true
  }
  core.exclusiveQueues.whenGone(session.id, parts.begin())
  session.consumers.whenGivenBack(parts.begin())
  parts.whenDone(end)
  // Who leads a queue may be away.
  if (!isDone) core.timers.after(times.callTimeoutMs, end)
}
