// What nodes have in memory, which no log keeps whole: held at any time against itself, and against
// the queues; and in the end, when nothing is under way, against nothing.
import { noDeadlineMs } from '@holdfast/broker'
import type { DeliveryMemory, NodeMemory, ShardMemory } from '@holdfast/cluster'
import type { Observer } from '../world/observer.ts'
import type { Process } from '../world/process.ts'
import type { World } from '../world/world.ts'
import { offsetsOf } from './reference-replies.ts'

/** Of all members; one is looked at in between. */
const stepsALook = 16

export class Memories implements Observer {
  readonly #world: World
  #steps = 0

  constructor(world: World) {
    this.#world = world
  }

  stepped({ epoch, member }: Pick<Process, 'epoch' | 'member'>): void {
    this.#steps += 1
    if (this.#steps % stepsALook !== 0) return
    const reason = incoherence(member.memory())
    if (reason !== null) this.#world.fail(`whole-memory: process ${epoch}: ${reason}`)
  }

  /** What is left where nothing should be under way; null if nothing is. */
  get leftover(): string | null {
    for (const { number, process } of this.#world.runningHosts) {
      const left = process === null ? null : leftover(process.member.memory())
      if (left !== null) return `host ${number}: ${left}`
    }
    return null
  }
}

/** What is wrong with the memory of a node between two of its steps; null if nothing is. */
export function incoherence({ shards }: NodeMemory): string | null {
  for (const shard of shards) {
    for (const delivery of shard.deliveries) {
      const reason = miscount(delivery)
      if (reason !== null) return `${shard.group}/${delivery.queue.id}: ${reason}`
    }
    const forgotten = notToldWhenDue(shard)
    if (forgotten !== null) return `${shard.group}/${forgotten} is due, and nobody will say so`
  }
  return null
}

/** What is left in the memory of a node where nothing is under way; null if nothing is. */
export function leftover({ shards, open }: NodeMemory): string | null {
  for (const [what, count] of Object.entries(open)) if (count !== 0) return `${count} ${what}`
  for (const { group, deliveries } of shards) {
    for (const { queue, held } of deliveries) {
      for (const [offset, holder] of held) {
        const where = `${group}/${queue.id}/${offset}`
        if (holder === null) return `${where} waits for the log`
        if (queue.row(offset) === null) return `${where} is held, and gone`
      }
    }
  }
  return null
}

/** What is held counts against who holds it, and nothing else does. */
function miscount({ consumers, held }: DeliveryMemory): string | null {
  const counts = new Map(consumers.map((consumer) => [consumer, 0]))
  for (const [offset, holder] of held) {
    if (holder === null) continue
    const count = counts.get(holder)
    if (count === undefined) return `${offset} is held by ${holder.key.tag}, who is not there`
    counts.set(holder, count + 1)
  }
  for (const [{ key, unsettled }, count] of counts) {
    if (unsettled !== count) return `${key.tag} holds ${count}, and is taken to hold ${unsettled}`
  }
  return null
}

/** A message that its leader will not expire in time: it has neither named it nor will be told. */
function notToldWhenDue({ queues, nextDueMs, named, mayBeHeld }: ShardMemory): string | null {
  const byMs = Math.min(nextDueMs, noDeadlineMs) - 1
  for (const queue of queues) {
    let offset = queue.nextDue(1, byMs)
    if (offset === null) continue
    const ranges = named.filter((each) => each.queue === queue.id).flatMap((each) => each.ranges)
    const isNamed = offsetsOf(ranges)
    for (; offset !== null; offset = queue.nextDue(offset + 1, byMs)) {
      if (!isNamed.has(offset) && !mayBeHeld(queue, offset)) return `${queue.id}/${offset}`
    }
  }
  return null
}
