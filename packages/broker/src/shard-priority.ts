// Queues with priorities. What consumers get next is chosen in the log, when their leader says that
// they have room: the highest priority first, and the oldest of it. So what is out is known, and
// nothing that was never handed out is flagged as redelivered.
import type { ShardCommand } from './shard-command.ts'
import { dropHead } from './shard-length.ts'
import { done, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'

export function reserveByPriority(
  state: ShardState,
  { queue: id, room, free }: Extract<ShardCommand, { readonly type: 'reserve-by-priority' }>
): SectionReply {
  const queue = state.queues.get(id)
  if (queue === undefined || queue.settings.maxPriority === 0) return done
  for (let at = 0; at < free.length; at += 2) {
    queue.setOut(free[at] ?? 0, free[at + 1] ?? 0, false)
  }
  const ranges = queue.makeRoom(room)
  state.effects.push({ type: 'reserved', queue: id, ranges })
  dropHead(state, queue)
  return done
}
