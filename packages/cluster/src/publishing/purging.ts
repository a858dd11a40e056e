// Purges, and deletions of what is empty, at the leader of a queue: what consumers hold is spared,
// or does not count, and they wait until it is known what that is.
import type { SectionReply, ShardCommand } from '@holdfast/broker'
import type { Core } from '../core.ts'
import { partsOf } from '../delivering/opening.ts'
import type { GroupId } from '../log-store.ts'

/** `done` is called once. Null: nothing may have been committed, or a part; ask again. */
export function purge(
  core: Core,
  group: GroupId,
  queue: number,
  done: (reply: SectionReply | null) => void
): void {
  const held = heldOf(core, group, queue)
  if (held === null) return done(null)
  const parts = partsOf(held)
  const replies: (SectionReply | null)[] = []
  const decided = (reply: SectionReply | null): void => {
    replies.push(reply)
    if (replies.length === parts.length) done(together(replies))
  }
  // One behind the other, with nothing handed out in between.
  for (const keep of parts) {
    const isTaken = core.shards.propose(group, { type: 'purge-queue', queue, keep }, decided)
    if (!isTaken) decided(null)
  }
}

/** As it is to be committed; null: it is not known what consumers hold, ask again. */
export function withHeld(core: Core, group: GroupId, command: ShardCommand): ShardCommand | null {
  if (command.type !== 'delete-queue-if' || !command.ifEmpty) return command
  const held = heldOf(core, group, command.queue)
  if (held === null) return null
  const [first = [], ...rest] = partsOf(held)
  // More than a command may name: refused, as if there were more than that.
  return { ...command, held: rest.length > 0 ? [] : first }
}

/**
 * What consumers hold, as pairs. Null: after an election they may hold what they have not claimed
 * yet, also those that the log does not know: who asks for single messages, or was cancelled.
 */
function heldOf({ groups, deliveries }: Core, group: GroupId, id: number): number[] | null {
  const queue = groups.shardHost(group)?.machine.queue(id)
  if (queue === undefined || groups.shard(group)?.isLeading !== true) return []
  const delivery = deliveries.find(group, id)
  if (delivery !== null) return delivery.opening.hasOpened ? delivery.held.ranges() : null
  const head = queue.nextLive(1)
  if (head === null || head > queue.mark || !queue.isOut(head)) return []
  deliveries.open(group, queue).opening.waitOut()
  return null
}

/** The first that is no success, or how many messages all of them took. */
function together(replies: readonly (SectionReply | null)[]): SectionReply | null {
  let messages = 0
  for (const reply of replies) {
    if (reply?.type !== 'purged') return reply
    messages += reply.messages
  }
  return { type: 'purged', messages }
}
