// The dead letters of one queue at its leader, as a publisher like any other: each is routed by its
// queue's dead letter exchange, goes through this node's gateway, and leaves the queue's log once
// every queue that it goes to has it. Its number in the queue is the sequence of a producer whose
// id is made of the queue's (batch.ts): what the leader before had brought there is known there.
import { addPair, type DeadLetter } from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import { type Core, log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Batch, Publish, PublishOrigin } from '../publishing/publish.ts'
import { HeldPublishes } from '../sessions/held-publishes.ts'
import { batchOf, type DeadLetterSource } from './batch.ts'
import { heldLane, type Waiter, type Window } from './window.ts'

/** Errors that do not go away: there is no queue to take the letter. */
const finalCodes: ReadonlySet<string> = new Set([
  'EXCHANGE_NOT_FOUND',
  'MESSAGE_UNROUTABLE',
  'VHOST_NOT_FOUND'
])

export class QueueDeadLetters implements PublishOrigin, Waiter {
  readonly vhost: string
  readonly producer = null
  readonly #core: Core
  readonly #source: DeadLetterSource
  readonly #window: Window
  readonly #wake: () => void
  readonly #held: HeldPublishes
  /** Letters below it have been looked at. */
  #next = 1
  /** Those that have to be looked at again. */
  readonly #again: number[] = []
  /** Those that have to be looked at again in a while. */
  readonly #refused: number[] = []
  /** Those that wait for room, by the lane in which there was none. */
  readonly #passed = new Map<GroupId, number[]>()
  #passedCount = 0
  /** Those that take room in the lane of the held, and how much. */
  readonly #heldBytes = new Map<number, number>()
  /** Those whose turn has come, while their entries are read. */
  readonly #reserved = new Map<number, { readonly lane: GroupId; readonly bytes: number }>()
  /** Those whose entries no replica has intact. */
  readonly #lost = new Set<number>()
  /** Those that have arrived, to be removed; and how many more are being removed. */
  #arrived: number[] = []
  #removing = 0
  /** An entry is being read, or there is no lease: those behind it wait. */
  #isReading = false
  #isLeaseless = false
  #isEnded = false
  /** Of its dead letters, those that are in this node's count. */
  counted = 0

  constructor(core: Core, source: DeadLetterSource, window: Window, wake: () => void) {
    this.#core = core
    this.#source = source
    this.#window = window
    this.#wake = wake
    this.vhost = source.queue.vhost
    this.#held = new HeldPublishes(core, this)
  }

  get source(): DeadLetterSource {
    return this.#source
  }

  /** This node leads the queue no more, or its letters are gone. What is in the streams goes on. */
  end(): void {
    this.#isEnded = true
    this.#held.clear()
    for (const lane of this.#passed.keys()) this.#window.leave(lane, this)
    for (const { lane, bytes } of this.#reserved.values()) this.#window.free(lane, bytes)
    for (const bytes of this.#heldBytes.values()) this.#window.free(heldLane, bytes)
  }

  resumeHeld(): void {
    this.#held.resume()
    if (!this.#isLeaseless) return
    this.#isLeaseless = false
    this.#wake()
  }

  /** Has removed what has arrived, and sends what there is room for. */
  work(): void {
    this.#remove()
    for (let left: number = limits.deadLettersMax; !this.#isHeldUp; left--) {
      if (left === 0) return this.#wake()
      const letter = this.#nextLetter()
      if (letter === null) return
      this.#send(letter, null)
    }
  }

  get #isHeldUp(): boolean {
    const waiting = this.#passedCount + this.#refused.length
    const unremoved = this.#arrived.length + this.#removing
    const isFull = waiting + unremoved >= limits.deadLettersOpenMax
    return isFull || this.#isReading || this.#isLeaseless
  }

  #nextLetter(): DeadLetter | null {
    for (let number = this.#again.shift(); number !== undefined; number = this.#again.shift()) {
      const letter = this.#letter(number)
      if (letter !== null) return letter
    }
    const letter = this.#source.queue.dead.next(this.#next)
    if (letter !== null) this.#next = letter.number + 1
    return letter
  }

  #letter(number: number): DeadLetter | null {
    const letter = this.#source.queue.dead.next(number)
    return letter?.number === number ? letter : null
  }

  /** It waits where there is no room, and those behind it pass. `turn`: where it has room. */
  #send(letter: DeadLetter, turn: GroupId | null): void {
    const { number, sizeBytes } = letter
    const { group } = this.#source
    const data = this.#core.bodies.get(group, letter.entry, () => this.#found(number))
    if (data === 'lost') {
      this.#lost.add(number)
    } else if (data !== 'reading') {
      this.#route(batchOf(this.#source, letter, data), turn)
    } else if (turn !== null) {
      this.#reserved.set(number, { lane: turn, bytes: sizeBytes })
      this.#window.take(turn, sizeBytes)
    } else {
      this.#again.unshift(number)
      this.#isReading = true
    }
  }

  #route(batch: Batch, turn: GroupId | null): void {
    const { firstSequence: number, blob } = batch
    const lanes = this.#lanes(batch)
    if (lanes === null) {
      this.#again.unshift(number)
      this.#isLeaseless = true
      return
    }
    const full = lanes.find((lane) => lane !== turn && !this.#window.hasRoom(lane))
    if (full !== undefined) return this.#pass(full, number)
    if (lanes[0] === heldLane) this.#hold(number, blob.length)
    this.#held.push(batch)
  }

  /** Where it takes room; null: that is not known without a lease. */
  #lanes(batch: Batch): readonly GroupId[] | null {
    const routing = this.#core.gateway.route(this.vhost, batch)
    if (routing.type === 'wait') return null
    const isHeld = routing.type !== 'targets' || routing.targets.length === 0
    if (isHeld || !this.#held.isEmpty) return [heldLane]
    return [...new Set(routing.targets.map(({ group }) => group))]
  }

  #hold(number: number, bytes: number): void {
    if (this.#heldBytes.has(number)) return
    this.#heldBytes.set(number, bytes)
    this.#window.take(heldLane, bytes)
  }

  /** It has room in the streams. */
  sent({ firstSequence }: Batch): void {
    this.#release(firstSequence)
  }

  #release(number: number): void {
    const bytes = this.#heldBytes.get(number)
    if (bytes === undefined) return
    this.#heldBytes.delete(number)
    this.#window.free(heldLane, bytes)
  }

  #pass(lane: GroupId, number: number): void {
    const passed = this.#passed.get(lane)
    if (passed === undefined) {
      this.#passed.set(lane, [number])
      this.#window.wait(lane, this)
    } else passed.push(number)
    this.#passedCount++
  }

  turn(lane: GroupId): void {
    const passed = this.#passed.get(lane) ?? []
    const letter = this.#letter(passed.shift() ?? 0)
    if (passed.length > 0) this.#window.wait(lane, this)
    else this.#passed.delete(lane)
    this.#passedCount--
    if (letter !== null) this.#send(letter, lane)
    this.#wake()
  }

  #found(number: number): void {
    if (this.#isEnded) return
    const reserved = this.#reserved.get(number)
    if (reserved !== undefined) {
      this.#reserved.delete(number)
      this.#window.free(reserved.lane, reserved.bytes)
      const letter = this.#letter(number)
      if (letter !== null) this.#send(letter, reserved.lane)
    } else if (this.#lost.delete(number)) this.#again.push(number)
    else this.#isReading = false
    this.#wake()
  }

  publishRefusal(): null {
    return null
  }

  confirmed(batch: Batch): void {
    if (this.#isEnded) return
    this.#release(batch.firstSequence)
    this.#arrived.push(batch.firstSequence)
    this.#held.decided(batch)
    this.#wake()
  }

  failed(batch: Batch, error: WireError): void {
    if (this.#isEnded) return
    if (finalCodes.has(error.code)) {
      this.#dropped(batch, error)
      return this.confirmed(batch)
    }
    this.#release(batch.firstSequence)
    this.#refused.push(batch.firstSequence)
    this.#held.decided(batch)
    if (this.#refused.length > 1) return
    this.#core.timers.after(times.deadLetterRetryMs, () => {
      this.#again.push(...this.#refused.splice(0))
      this.#wake()
    })
  }

  returned(publish: Publish): void {
    if (this.#isEnded) return
    this.#hold(publish.batch.firstSequence, publish.batch.blob.length)
    this.#held.returned(publish)
  }

  #dropped({ exchange, routingKey }: Batch, { code }: WireError): void {
    this.#core.counters.droppedDeadLetters++
    const { id, vhost, name: queue } = this.#source.queue
    const { dropping } = this.#source
    if (dropping.has(id)) return
    dropping.add(id)
    const fields = { vhost, queue, exchange, routingKey, code }
    log(this.#core, 'warn', 'no queue takes the dead letters of a queue; they are dropped', fields)
  }

  /** At most one removal is on its way, with all that has arrived meanwhile. */
  #remove(): void {
    if (this.#removing > 0 || this.#arrived.length === 0) return
    const { group, queue } = this.#source
    const numbers: number[] = []
    const arrived = this.#arrived.sort((a, b) => a - b)
    for (const number of arrived) addPair(numbers, number, number)
    const command = { type: 'remove-dead-letters', queue: queue.id, numbers } as const
    const again = (): void => {
      this.#removing = 0
      this.#arrived.push(...arrived)
      this.#wake()
    }
    this.#arrived = []
    this.#removing = arrived.length
    const isTaken = this.#core.shards.propose(group, command, (reply) => {
      if (this.#isEnded) return
      if (reply === null) return again()
      this.#removing = 0
      this.#wake()
    })
    if (!isTaken) this.#core.timers.after(times.retryMs, again)
  }
}
