// What the dead letters that this node brings to its targets may take at once: in the stream to
// each shard, so that one that takes nothing holds up nobody else; and those that are in no stream
// (lane 0: they lead nowhere yet, or were returned). Who finds no room gets it in turn, one letter
// at a time, and nobody overtakes those that wait.
import { times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Timers } from '../timers.ts'

/** Not a stream: letters that are held here. */
export const heldLane: GroupId = 0

export interface Waiter {
  /** There is room in the lane, for one letter; who wants more waits again. */
  turn(lane: GroupId): void
}

interface Lane {
  letters: number
  bytes: number
  /** Its shard refused one: nothing more is brought there for a while. */
  isResting: boolean
  readonly waiting: Set<Waiter>
}

export class Window {
  readonly #timers: Timers
  readonly #lettersMax: number
  readonly #bytesMax: number
  readonly #lanes = new Map<GroupId, Lane>()
  /** Lanes in which there may be room for those that wait. */
  #freed = new Set<GroupId>()

  /** Of each lane; the last letter may go beyond `bytesMax`. */
  constructor(timers: Timers, lettersMax: number, bytesMax: number) {
    this.#timers = timers
    this.#lettersMax = lettersMax
    this.#bytesMax = bytesMax
  }

  hasRoom(group: GroupId): boolean {
    const lane = this.#lane(group)
    return lane.waiting.size === 0 && this.#isOpen(lane)
  }

  #isOpen({ letters, bytes, isResting }: Lane): boolean {
    return !isResting && letters < this.#lettersMax && bytes < this.#bytesMax
  }

  wait(group: GroupId, waiter: Waiter): void {
    this.#lane(group).waiting.add(waiter)
  }

  leave(group: GroupId, waiter: Waiter): void {
    this.#lane(group).waiting.delete(waiter)
  }

  take(group: GroupId, bytes: number): void {
    const lane = this.#lane(group)
    lane.letters++
    lane.bytes += bytes
  }

  free(group: GroupId, bytes: number): void {
    const lane = this.#lane(group)
    lane.letters--
    lane.bytes -= bytes
    this.#freed.add(group)
  }

  rest(group: GroupId): void {
    const lane = this.#lane(group)
    if (lane.isResting) return
    lane.isResting = true
    this.#timers.after(times.deadLetterRetryMs, () => {
      lane.isResting = false
      this.#freed.add(group)
    })
  }

  /** Gives those their turns that there is room for. */
  flush(): void {
    if (this.#freed.size === 0) return
    const freed = this.#freed
    this.#freed = new Set()
    for (const group of freed) {
      const lane = this.#lane(group)
      while (this.#isOpen(lane)) {
        const [first] = lane.waiting
        if (first === undefined) break
        lane.waiting.delete(first)
        first.turn(group)
      }
    }
  }

  #lane(group: GroupId): Lane {
    let lane = this.#lanes.get(group)
    if (lane === undefined) {
      lane = { letters: 0, bytes: 0, isResting: false, waiting: new Set() }
      this.#lanes.set(group, lane)
    }
    return lane
  }
}
