// A consumer of the simulated world. It finds the node that leads its queue, attaches with what it
// still holds, settles what it is given in one way or another, and settles again what it got no
// answer for.
import type { ClientEvent, Outcome, QueueLocation } from '@holdfast/protocol'
import { recordBody, skipRecord, utf8Decode } from '@holdfast/record'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import { Client } from './client.ts'
import type { ConsumerOptions, Held } from './consumer-options.ts'
import type { History } from './history.ts'
import { nameOf } from './names.ts'

const outcomes: readonly Outcome[] = ['accepted', 'released', 'rejected']

/** How long it takes at most until it asks again for a queue that another has to itself. */
const patienceMsMax = 1500

export class Consumer extends Client {
  override readonly role = 'consumer'
  readonly #history: History
  readonly #options: ConsumerOptions
  readonly queue: string
  readonly prefetch: number
  #leader: number | null = null
  #number: number | null = null
  #isAsking = false
  #wasAttached = false
  #attachments = 0
  readonly #held = new Map<number, Held>()
  /** Settlements without an answer, by their number on this connection. */
  readonly #settling = new Map<number, readonly Held[]>()
  /** Numbers of settlements on this connection that have no answer. */
  readonly #unanswered = new Set<number>()
  readonly #expected: Set<string> = new Set(['UNAVAILABLE', 'CONSUMER_TAG_IN_USE'])
  /** At the end everything is accepted, so that the queue empties. */
  isDraining = false
  #slowness = 1
  /** Another had the queue to itself then: for so long it does not ask again. */
  #refusedMs = 0
  #patienceMs = 0

  constructor(world: World, name: string, options: ConsumerOptions) {
    super(world, name)
    this.#options = options
    this.#history = options.history
    this.queue = options.queue
    this.prefetch = options.prefetch
    if (options.isContested === true) this.#expected.add('QUEUE_EXCLUSIVE')
    this.#look()
  }

  /** Its queue is about to be deleted. */
  doomed(): void {
    this.#expected.add('QUEUE_NOT_FOUND')
  }

  get heldCount(): number {
    return this.#held.size
  }

  protected choose(): Host | null {
    const { random, world } = this
    const { memberHosts } = world
    const leader = memberHosts.find(({ process }) => process?.identity?.node === this.#leader)
    if (leader !== undefined) return leader
    return memberHosts.length === 0 ? null : random.pick(memberHosts)
  }

  protected opened(): void {
    this.#unanswered.clear()
    this.#number = null
    this.#isAsking = false
    this.#attach()
  }

  protected lost(): void {
    this.world.note(`${this.name} lost its connection`)
    this.#number = null
    this.#isAsking = false
    this.#settling.clear()
    this.#leader = null
  }

  /** What it held comes again, to whoever consumes then, which may be somebody else. */
  override crash(): void {
    if (this.random.chance(0.5)) this.producer = this.random.bytes(16)
    this.#held.clear()
    this.#wasAttached = false
    this.reconnect()
  }

  override slowDown(factor: number): void {
    this.#slowness = factor
  }

  #look(): void {
    this.world.schedule.after(this.random.integer(50, 150), () => {
      if (this.isStopped) return
      if (this.isOpen && this.#number === null) {
        const patienceMs = this.#patienceMs * (this.isDraining ? 1 : this.world.leisure)
        if (this.world.schedule.nowMs >= this.#refusedMs + patienceMs) this.#attach()
      } else if (this.#isTired()) this.#cancel()
      this.#look()
    })
  }

  #isTired(): boolean {
    const { isRestless = false } = this.#options
    return isRestless && !this.isDraining && this.random.chance(0.05 / this.world.leisure)
  }

  /** What it holds goes back to the queue; what comes meanwhile is for another to settle. */
  #cancel(): void {
    const number = this.#number
    if (number === null || this.#isAsking) return
    this.#number = null
    this.#isAsking = true
    this.#wasAttached = false
    this.#held.clear()
    this.#settling.clear()
    this.request({ type: 'cancel', consumer: number }, () => {
      this.#isAsking = false
      this.#held.clear()
    })
  }

  #attach(): void {
    if (this.#isAsking || this.#number !== null) return
    this.#isAsking = true
    const resume: number[] = []
    for (const { offset, attempt } of this.#held.values()) resume.push(offset, offset, attempt)
    this.request(
      {
        type: 'consume',
        queue: nameOf(this.queue),
        tag: 'c',
        prefetch: this.prefetch,
        autoAck: this.#options.autoAck === true,
        exclusive: this.#options.exclusive === true,
        priority: this.#options.priority ?? 0,
        resume: this.#wasAttached ? resume : null
      },
      (error, result) => {
        this.#isAsking = false
        this.world.note(`${this.name}: consume ${error?.code ?? 'done'}`)
        this.world.reached(`client: consume ${error?.code ?? 'done'}`)
        if (error === null) return this.#attached((result as { consumer: number }).consumer)
        if (error.code === 'NOT_LEADER') return this.#locate()
        // Another has the queue: what this one held went back to it.
        if (error.code === 'QUEUE_EXCLUSIVE') {
          this.#held.clear()
          this.#patienceMs = this.random.integer(200, patienceMsMax)
          this.#refusedMs = this.world.schedule.nowMs
        }
        if (!this.#expected.has(error.code)) {
          this.world.fail(`${this.name}: consume was refused: ${error.code}`)
        }
      }
    )
    if (this.#options.isRestless === true && this.random.chance(0.1)) this.#loseHeart()
  }

  /** It dies before it hears whether it is attached. */
  #loseHeart(): void {
    this.world.schedule.after(this.random.integer(1, 20), () => {
      if (this.#isAsking && !this.isStopped) this.crash()
    })
  }

  #locate(): void {
    this.request({ type: 'locate-queue', name: nameOf(this.queue) }, (error, result) => {
      if (error !== null) return
      const { leader } = result as QueueLocation
      if (leader === null) return
      this.#leader = leader
      const host = this.world.runningHosts.find(({ process }) => process?.identity?.node === leader)
      if (host === undefined) return
      this.reconnect()
      this.#leader = leader
    })
  }

  #attached(number: number): void {
    this.#number = number
    this.#attachments += 1
    if (this.#wasAttached && this.#held.size > 0)
      this.world.reached('client: resumed with deliveries')
    this.#wasAttached = true
    for (const decided of outcomes) {
      this.#settle([...this.#held.values()].filter(({ outcome }) => outcome === decided))
    }
    this.pump()
  }

  protected event(event: ClientEvent): void {
    switch (event.type) {
      case 'deliver':
        return this.#delivered(event.run)
      case 'settled':
        for (let at = 0; at + 1 < event.ranges.length; at += 2) {
          for (let n = event.ranges[at] ?? 0; n <= (event.ranges[at + 1] ?? 0); n += 1) {
            this.#settled(n)
          }
        }
        return
      case 'settle-failed':
        this.world.reached(`client: settle ${event.error.code}`)
        for (const held of this.#answered(event.settleSequence)) this.#refused(held)
        return
      case 'consumer-cancelled':
        this.world.note(`${this.name}: cancelled ${event.error.code}`)
        this.world.reached(`client: cancelled ${event.error.code}`)
        if (event.consumer === this.#number) {
          this.#number = null
          // What was not answered is asked again where the queue is led now.
          this.#settling.clear()
        }
        return
      default:
    }
  }

  /** What it was given is its own for as long as it stays attached. */
  #refused(held: Held): void {
    const { offset, attempt } = held
    const isOwn = this.#number !== null && held.attachment === this.#attachments
    const handedOutMs = this.#history.handedOutMs(this.queue, offset, attempt)
    if (isOwn && !this.#history.purges.mayHaveTaken(this.queue, handedOutMs)) {
      this.world.fail(`${this.name} holds ${offset} attempt ${attempt}, and may not settle it`)
    }
    this.#forget(held)
  }

  #forget(held: Held): void {
    this.world.note(`${this.name} is done with ${held.offset} attempt ${held.attempt}`)
    if (this.#held.get(held.offset) === held) this.#held.delete(held.offset)
  }

  #delivered(run: Extract<ClientEvent, { type: 'deliver' }>['run']): void {
    const { firstOffset, count, attempt, blob } = run
    let position = 0
    for (let i = 0; i < count; i += 1) {
      const body = utf8Decode(recordBody(blob, position))
      position = skipRecord(blob, position)
      const offset = firstOffset + i
      this.#history.delivered(this.queue, offset, run, body, this.name)
      if (this.#options.autoAck === true) continue
      const held: Held = { attachment: this.#attachments, offset, attempt, outcome: null }
      this.#held.set(offset, held)
      const workMsMax = this.isDraining ? 2 : (this.#options.workMsMax ?? 60) * this.#slowness
      this.world.schedule.after(this.random.integer(0, workMsMax), () => this.#done(held))
    }
    // What came before this attachment may have gone back to the queue meanwhile.
    const open = [...this.#held.values()].filter(
      ({ attachment, outcome }) => attachment === this.#attachments && outcome === null
    ).length
    if (open > this.prefetch) this.world.fail(`${this.name} got ${open} of ${this.prefetch}`)
  }

  #done(held: Held): void {
    if (this.#held.get(held.offset) !== held) return
    const draw = this.isDraining ? 0 : this.random.fraction()
    const { releaseChance = 0.1, rejectChance = 0.05 } = this.#options
    const acceptChance = 1 - releaseChance - rejectChance
    const other = draw < acceptChance + releaseChance ? 'released' : 'rejected'
    held.outcome = draw < acceptChance ? 'accepted' : other
    this.#history.decided(this.queue, held.offset, held.attempt, held.outcome)
    if (this.#number !== null) this.#settle([held])
    this.pump()
  }

  /** What had the same outcome, in one settlement. */
  #settle(decided: readonly Held[]): void {
    const [{ outcome } = { outcome: null }] = decided
    if (this.#number === null || outcome === null || this.connection === null) return
    const ranges = decided.flatMap(({ offset, attempt }) => [offset, offset, attempt])
    const sequence = this.connection.settle({ consumer: this.#number, outcome, ranges })
    this.#settling.set(sequence, decided)
    this.#unanswered.add(sequence)
    this.world.note(`${this.name} settles ${ranges}: ${outcome}`)
  }

  /** A settlement has one answer. What is given is what it was about, if that still matters. */
  #answered(sequence: number): readonly Held[] {
    if (!this.#unanswered.delete(sequence)) {
      this.world.fail(`${this.name}: an answer to settlement ${sequence}, which waits for none`)
    }
    const decided = this.#settling.get(sequence) ?? []
    this.#settling.delete(sequence)
    return decided
  }

  #settled(sequence: number): void {
    for (const held of this.#answered(sequence)) {
      this.#forget(held)
      const { offset, attempt, outcome } = held
      this.#history.settled(this.queue, offset, attempt, outcome !== 'released')
    }
  }
}
