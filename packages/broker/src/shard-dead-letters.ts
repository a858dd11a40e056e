// How messages leave their queue for its dead letter exchange, and how they leave the shard once
// they have arrived.
import type { DeathReason } from './queue/dead-letters.ts'
import type { ShardQueue } from './queue/queue.ts'
import type { ShardCommand } from './shard-command.ts'
import { done, type SectionReply } from './shard-reply.ts'
import type { ShardState } from './shard-state.ts'

type RemoveDeadLetters = Extract<ShardCommand, { readonly type: 'remove-dead-letters' }>

/**
 * Messages leave their queue, and not because somebody has done with them what was to be done.
 * Returns how many.
 */
export function die(
  state: ShardState,
  queue: ShardQueue,
  range: readonly [number, number],
  attempt: number | null,
  stale: number[] | null,
  reason: DeathReason
): number {
  const { timeMs, deadNumberMin: numberMin } = state
  const messages = queue.die(range, attempt, stale, { reason, timeMs, numberMin })
  if (messages > 0 && queue.settings.deadLetter !== null) {
    state.effects.push({ type: 'dead-lettered', queue: queue.id, reason, messages })
  }
  return messages
}

/** One that is gone already is no error: the command may be a repeat. */
export function removeDeadLetters(state: ShardState, command: RemoveDeadLetters): SectionReply {
  const dead = state.queues.get(command.queue)?.dead
  for (let at = 0; at < command.numbers.length; at += 2) {
    dead?.remove(command.numbers[at] ?? 0, command.numbers[at + 1] ?? 0)
  }
  return done
}
