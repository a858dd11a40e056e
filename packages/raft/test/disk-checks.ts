// What a replica says and believes of its disk, held against the disk of the simulation.
import { assert } from '@holdfast/errors'
import type { Message } from '../src/index.ts'
import type { Replica } from './simulated-replica.ts'

/** Nothing is acknowledged that is not on this disk. */
export function assertSpoken({ disk }: Replica, message: Message): void {
  assert(disk.hardState.term >= message.term, 'a term is durable before it is spoken of')
  if (message.type !== 'append-response' || !message.accepted) return
  // What a later leader replaces in the same write need not have been there before.
  if (disk.hardState.term > message.term) return
  assert(disk.lastIndex >= message.index, 'an acknowledged entry is on disk')
}

/** What a replica believes to be on its disk is there, and is the same. */
export function assertDurable({ raft, disk }: Replica): void {
  const term = disk.entry(raft.durableIndex)?.term ?? disk.snapshot?.id.term ?? 0
  if (raft.durableIndex < disk.firstIndex - 1) return
  assert(raft.durableIndex <= disk.lastIndex, 'what is believed durable is on disk')
  assert(raft.termAt(raft.durableIndex) === term, 'what is believed durable is the same on disk')
}

/** A vote, a candidacy and an acceptance may be spoken of only when no crash takes them back. */
export function assertPromise({ disk }: Replica, message: Message): void {
  const { term, vote } = disk.hardState
  const isVoteDurable = (of: number): boolean =>
    term > message.term || (term === message.term && vote === of)
  if (message.type === 'vote-request' && !message.pre) {
    assert(isVoteDurable(message.from), 'a candidacy is durable before it is spoken of')
  } else if (message.type === 'vote-response' && !message.pre && message.granted) {
    assert(isVoteDurable(message.to), 'a vote is durable before it is spoken of')
  } else if (message.type === 'append-response' && message.accepted) {
    assert(disk.lastIndex >= message.index, 'an acknowledged entry is on disk')
  }
}
