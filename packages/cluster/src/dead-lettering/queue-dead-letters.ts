// The dead letters of one queue at its leader, as a publisher like any other: each is routed by its
// queue's dead letter exchange, goes through this node's gateway, and leaves the queue's log once
// every queue that it goes to has it. Its number in the queue is the sequence of a producer whose
// id is made of the queue's: what the leader before had brought there is known there.
import { type DeadLetterMessage, deadLetterAt } from '@holdfast/amqp'
import {
  addPair,
  type DeadLetter,
  type DeadLetterSettings,
  type QueueView,
  readSectionHeader
} from '@holdfast/broker'
import type { WireError } from '@holdfast/errors'
import { reservedProducer } from '@holdfast/protocol'
import { type Core, log } from '../core.ts'
import { limits, times } from '../limits.ts'
import type { GroupId } from '../log-store.ts'
import type { Batch, Producer, Publish, PublishOrigin } from '../publishing/publish.ts'
import { HeldPublishes } from '../sessions/held-publishes.ts'
import type { Window } from './window.ts'

/** Whose log has what happens to it. */
export interface DeadLetterSource {
  readonly group: GroupId
  readonly queue: QueueView
  readonly settings: DeadLetterSettings
}

/** Errors that do not go away: there is no queue to take the letter. */
const finalCodes: ReadonlySet<string> = new Set([
  'EXCHANGE_NOT_FOUND',
  'MESSAGE_UNROUTABLE',
  'VHOST_NOT_FOUND'
])

export class QueueDeadLetters implements PublishOrigin {
  readonly vhost: string
  readonly producer: Producer
  readonly #core: Core
  readonly #source: DeadLetterSource
  readonly #window: Window
  readonly #wake: () => void
  readonly #held: HeldPublishes
  /** Those that are on their way, or wait for their entry to be found, with their bytes. */
  readonly #open = new Map<number, number>()
  #openBytes = 0
  /** Letters below it are open, or gone. */
  #next = 1
  /** Pairs: those that have arrived, to be removed. */
  #arrived: number[] = []
  #isRemoving = false
  /** An entry is being read: those behind it wait. */
  #isReading = false
  /** A shard refused one: nothing more is sent for a while. */
  #isResting = false
  #hasDropped = false
  #isEnded = false

  constructor(core: Core, source: DeadLetterSource, window: Window, wake: () => void) {
    const { vhost, id } = source.queue
    this.#core = core
    this.#source = source
    this.#window = window
    this.#wake = wake
    this.vhost = vhost
    this.producer = { id: producerOf(id), epoch: 1 }
    this.#held = new HeldPublishes(core, this)
  }

  get source(): DeadLetterSource {
    return this.#source
  }

  get isIdle(): boolean {
    return this.#open.size === 0 && this.#source.queue.dead.count === 0
  }

  /** This node leads the queue no more, or its letters are gone. What is on its way goes on. */
  end(): void {
    this.#isEnded = true
    this.#held.clear()
    this.#window.free(this.#open.size, this.#openBytes)
    this.#open.clear()
  }

  resumeHeld(): void {
    this.#held.resume()
  }

  /** Has removed what has arrived, and sends what there is room for. */
  work(): void {
    this.#remove()
    const { dead } = this.#source.queue
    while (!this.#isResting && !this.#isReading) {
      const letter = dead.next(this.#next)
      if (letter === null) return
      if (!this.#open.has(letter.number)) {
        const isFull = this.#open.size >= limits.deadLettersPerQueueMax
        if (isFull || !this.#window.hasRoom(letter.sizeBytes, this.#wake)) return
        if (!this.#send(letter)) return
      }
      this.#next = letter.number + 1
    }
  }

  /** False: its entry is being read. */
  #send(letter: DeadLetter): boolean {
    const { group } = this.#source
    const data = this.#core.bodies.get(group, letter.entry, () => this.#found(letter.number))
    this.#isReading = data === 'reading'
    if (data === 'reading') return false
    this.#open.set(letter.number, letter.sizeBytes)
    this.#openBytes += letter.sizeBytes
    this.#window.take(letter.sizeBytes)
    // One that is lost lets the others pass.
    if (data !== 'lost') this.#held.push(this.#batch(letter, data))
    return true
  }

  #found(number: number): void {
    if (this.#isEnded) return
    this.#isReading = false
    this.#close(number)
    this.#next = Math.min(this.#next, number)
    this.#wake()
  }

  #batch(letter: DeadLetter, data: Uint8Array): Batch {
    const { queue, settings } = this.#source
    const origin = readSectionHeader(data, letter.section)
    const { exchange, routingKey: cameWith, isDeadLetter } = origin
    const { reason, timeMs, number, position } = letter
    const isRerouted = settings.routingKey !== null
    const message: DeadLetterMessage = deadLetterAt(
      data,
      position,
      { queue: queue.name, reason, timeMs, exchange, routingKey: cameWith },
      { hasHistory: isDeadLetter, isRerouted }
    )
    return {
      exchange: settings.exchange,
      routingKey: settings.routingKey ?? cameWith,
      copies: message.copies,
      mandatory: true,
      first: true,
      firstSequence: number,
      lowestUnconfirmed: Math.min(number, queue.dead.next(1)?.number ?? number),
      count: 1,
      blob: message.record,
      deadLetter: { barred: reason === 'rejected' ? new Set() : message.visited }
    }
  }

  publishRefusal(): null {
    return null
  }

  confirmed(batch: Batch): void {
    if (this.#isEnded) return
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
    this.#held.decided(batch)
    this.#close(batch.firstSequence)
    this.#next = Math.min(this.#next, batch.firstSequence)
    this.#rest()
  }

  returned(publish: Publish): void {
    if (!this.#isEnded) this.#held.returned(publish)
  }

  #rest(): void {
    if (this.#isResting) return
    this.#isResting = true
    this.#core.timers.after(times.deadLetterRetryMs, () => {
      this.#isResting = false
      this.#wake()
    })
  }

  #dropped({ exchange, routingKey }: Batch, { code }: WireError): void {
    this.#core.counters.droppedDeadLetters++
    if (this.#hasDropped) return
    this.#hasDropped = true
    const { vhost, name: queue } = this.#source.queue
    const fields = { vhost, queue, exchange, routingKey, code }
    log(this.#core, 'warn', 'no queue takes the dead letters of a queue; they are dropped', fields)
  }

  /** At most one removal is on its way, with all that has arrived meanwhile. */
  #remove(): void {
    if (this.#isRemoving || this.#arrived.length === 0) return
    const { group, queue } = this.#source
    const numbers: number[] = []
    const arrived = this.#arrived.sort((a, b) => a - b)
    for (const number of arrived) addPair(numbers, number, number)
    const command = { type: 'remove-dead-letters', queue: queue.id, numbers } as const
    const again = (): void => {
      this.#isRemoving = false
      this.#arrived.push(...arrived)
      this.#wake()
    }
    this.#arrived = []
    this.#isRemoving = true
    const isTaken = this.#core.shards.propose(group, command, (reply) => {
      if (this.#isEnded) return
      if (reply === null) return again()
      this.#isRemoving = false
      for (const number of arrived) this.#close(number)
      this.#wake()
    })
    if (!isTaken) this.#core.timers.after(times.retryMs, again)
  }

  #close(number: number): void {
    const bytes = this.#open.get(number)
    if (bytes === undefined) return
    this.#open.delete(number)
    this.#openBytes -= bytes
    this.#window.free(1, bytes)
  }
}

/** One that no client can have, of 16 bytes. */
function producerOf(queue: number): Uint8Array {
  const id = new Uint8Array(16)
  id.set(reservedProducer)
  new DataView(id.buffer).setBigUint64(8, BigInt(queue))
  return id
}
