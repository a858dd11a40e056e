// Exclusive queues: each belongs to a connection of a client, is used by that client alone, and is
// deleted when the connection ends. Metadata says whose it is; who sees to the end is in the
// cluster package.
import { assert, HoldfastError } from '@holdfast/errors'
import type { ReplicaId } from './metadata-command.ts'
import type { QueueTarget } from './topology-row.ts'

export interface QueueOwner {
  /** The process that has the connection: no other one has both its replica and its epoch. */
  readonly replica: ReplicaId
  readonly process: number
  readonly connection: number
  /** Who may use the queue, on whatever connection: the session in the keys of its consumers. */
  readonly client: string
}

function locked({ vhost, name }: QueueTarget, reason: string): HoldfastError {
  return new HoldfastError('QUEUE_LOCKED', { vhost, queue: name, reason })
}

/** @throws QUEUE_LOCKED where the queue belongs to another client; undefined: nobody's */
export function checkUse(queue: QueueTarget, client: string | undefined): void {
  if (queue.owner === null || queue.owner.client === client) return
  throw locked(queue, 'it is exclusive to another connection')
}

/**
 * For a queue that is there, and declared again: AMQP clients expect to be told of this before all
 * else that differs. @throws QUEUE_LOCKED
 */
export function checkOwner(queue: QueueTarget, asked: QueueOwner | null): void {
  const { owner } = queue
  if (owner === null && asked === null) return
  if (owner === null) throw locked(queue, 'it is not exclusive')
  if (asked === null) throw locked(queue, 'it is exclusive to a connection')
  if (!isSameOwner(owner, asked)) throw locked(queue, 'it is exclusive to another connection')
}

export function isSameOwner(left: QueueOwner, right: QueueOwner): boolean {
  const isProcess = left.replica === right.replica && left.process === right.process
  return isProcess && left.connection === right.connection && left.client === right.client
}

/** As it stands in a snapshot. */
export function ownerRow({ replica, process, connection, client }: QueueOwner): readonly unknown[] {
  return [replica, process, connection, client]
}

export function readOwner(row: unknown): QueueOwner | null {
  if (row === null) return null
  assert(Array.isArray(row) && row.length === 4, 'the owner of a queue has four parts')
  const [replica, process, connection, client]: readonly unknown[] = row
  const isRead =
    typeof replica === 'number' && typeof process === 'number' && typeof connection === 'number'
  assert(isRead && typeof client === 'string', 'an owner is a connection of a client')
  return { replica, process, connection, client }
}
