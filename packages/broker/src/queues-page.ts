// Pages of queues in the order of (vhost, name). A cursor is the place of the last queue seen, as
// text: `percent-encoded vhost "/" percent-encoded name`, so it stays valid whatever is created or
// deleted.
import { assert, HoldfastError } from '@holdfast/errors'
import type { Queue, QueueTarget } from './topology-row.ts'

export interface QueuePage {
  readonly queues: readonly QueueTarget[]
  /** For the next page; null after the last queue. */
  readonly cursor: string | null
}

/** What a page is cut from; the topology. */
interface QueueNames {
  namesAfter(vhost: string | null, name: string | null, countMax: number): readonly string[]
  queue(vhost: string, name: string): Queue | null
}

function encodeCursor(queue: QueueTarget): string {
  return `${encodeURIComponent(queue.vhost)}/${encodeURIComponent(queue.name)}`
}

function decodeCursor(cursor: string): readonly [string, string] {
  const [vhost, name, ...rest] = cursor.split('/')
  try {
    if (vhost && name && rest.length === 0) {
      return [decodeURIComponent(vhost), decodeURIComponent(name)]
    }
  } catch {
    // Malformed percent-encoding ends in the same refusal as any other text that is no cursor.
  }
  throw new HoldfastError('REQUEST_INVALID', { reason: 'the cursor is not one of this listing' })
}

/** `vhosts` null: of all. The cursor names none of another one, since the caller may read it. */
export function queuesPage(
  names: QueueNames,
  limit: number,
  cursor: string | null,
  vhosts: readonly string[] | null
): QueuePage {
  assert(limit >= 1, 'a page of queues has room for one')
  const queues: QueueTarget[] = []
  const [startVhost, startName] = cursor === null ? [null, null] : decodeCursor(cursor)
  const collect = (vhost: string, after: string | null): void => {
    if (vhosts?.includes(vhost) === false) return
    for (const name of names.namesAfter(vhost, after, limit + 1 - queues.length)) {
      const queue = names.queue(vhost, name)
      if (queue !== null) queues.push(queue)
    }
  }
  if (startVhost !== null) collect(startVhost, startName)
  for (let vhost = startVhost; queues.length <= limit; ) {
    const [next] = names.namesAfter(null, vhost, 1)
    if (next === undefined) break
    collect(next, null)
    vhost = next
  }
  const last = queues.length > limit ? queues[limit - 1] : undefined
  return {
    queues: queues.slice(0, limit),
    cursor: last === undefined ? null : encodeCursor(last)
  }
}
