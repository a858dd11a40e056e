// A queue that its leader does not know: it may have been deleted, or be named like one that was,
// or its creation may be on its way.
import type { QueueTarget } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import { lockRefusal } from '../administration/queue-calls.ts'
import type { Core } from '../core.ts'
import { refusal } from '../sessions/responder.ts'

/** Who consumes. `isStarting`: nothing was consumed yet, so that another of the name will do. */
interface Seeker {
  readonly session: string
  readonly isStarting: boolean
}

/** Finds the queue, or why it is not to be had. */
export function findAnew(
  { fence, metadata }: Core,
  known: QueueTarget,
  { session, isStarting }: Seeker,
  found: (result: QueueTarget | WireError) => void
): void {
  fence.wait((isCurrent) => {
    const { vhost, name, id } = known
    const queue = metadata.machine.topology.queue(vhost, name)
    const isAnother = queue !== null && queue.id !== id
    if ((queue === null && isCurrent) || (isAnother && !isStarting)) {
      return found(refusal('QUEUE_NOT_FOUND', { queue: name, vhost }))
    }
    if (!isAnother) return found(known)
    found(lockRefusal(queue, session) ?? queue)
  })
}
