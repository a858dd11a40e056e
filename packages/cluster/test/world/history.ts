// What clients saw, and what must be true of it (architecture: what is promised).
import type { World } from './world.ts'

/** A message is named by its publisher and sequence: it is in its body. */
interface Published {
  readonly publisher: string
  readonly sequence: number
  /** Queues that it must reach. */
  readonly queues: readonly string[]
  isConfirmed: boolean
  failure: string | null
}

interface Row {
  readonly message: string
  /** Attempts in which it was delivered. */
  readonly attempts: Set<number>
  /** The attempt whose settlement was confirmed as final. */
  settledAttempt: number | null
}

export class History {
  readonly #world: World
  readonly #published = new Map<string, Published>()
  /** By queue and offset. */
  readonly #rows = new Map<string, Map<number, Row>>()
  /** By queue and message. */
  readonly #offsets = new Map<string, Map<string, number>>()
  deliveries = 0
  redeliveries = 0

  constructor(world: World) {
    this.#world = world
  }

  get count(): number {
    return this.#published.size
  }

  get unresolved(): number {
    let count = 0
    for (const { isConfirmed, failure } of this.#published.values()) {
      if (!isConfirmed && failure === null) count += 1
    }
    return count
  }

  /** What became of the messages, each kind of outcome once, in the order of publishing. */
  outcomes(): ReadonlySet<string> {
    const outcomes = new Set<string>()
    for (const { isConfirmed, failure } of this.#published.values()) {
      outcomes.add(failure ?? (isConfirmed ? 'confirmed' : 'none'))
    }
    return outcomes
  }

  published(publisher: string, sequence: number, queues: readonly string[]): void {
    const fields = { publisher, sequence, queues, isConfirmed: false, failure: null }
    this.#published.set(`${publisher}:${sequence}`, fields)
  }

  confirmed(publisher: string, sequence: number): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message === undefined) return this.#world.fail(`confirmed, not sent: ${publisher}`)
    message.isConfirmed = true
  }

  failed(publisher: string, sequence: number, code: string): void {
    const message = this.#published.get(`${publisher}:${sequence}`)
    if (message === undefined) return this.#world.fail(`failed, not sent: ${publisher}`)
    message.failure = code
    if (message.queues.length > 0) {
      this.#world.fail(`${publisher}:${sequence} was refused: ${code}`)
    }
  }

  delivered(queue: string, offset: number, attempt: number, body: string, to: string): void {
    const message = body.split('|')[0] ?? ''
    this.deliveries += 1
    if (attempt > 0) this.redeliveries += 1
    const published = this.#published.get(message)
    const what = `${message} at ${queue}/${offset} attempt ${attempt} to ${to}`
    this.#world.note(`delivered ${what}`)
    if (published === undefined) return this.#world.fail(`never published: ${what}`)
    if (!published.queues.includes(queue))
      this.#world.fail(`in a queue it was not sent to: ${what}`)
    if (body !== bodyOf(message)) this.#world.fail(`other bytes than were published: ${what}`)
    const row = this.#row(queue, offset, message)
    if (row.message !== message) this.#world.fail(`an offset with two messages: ${what}`)
    if (row.attempts.has(attempt)) this.#world.fail(`delivered twice without a flag: ${what}`)
    row.attempts.add(attempt)
    if (row.settledAttempt !== null && attempt > row.settledAttempt) {
      this.#world.fail(`delivered after it was settled (attempt ${row.settledAttempt}): ${what}`)
    }
  }

  #row(queue: string, offset: number, message: string): Row {
    const rows = this.#rows.get(queue) ?? new Map<number, Row>()
    this.#rows.set(queue, rows)
    let row = rows.get(offset)
    if (row === undefined) {
      row = { message, attempts: new Set(), settledAttempt: null }
      rows.set(offset, row)
    }
    const offsets = this.#offsets.get(queue) ?? new Map<string, number>()
    this.#offsets.set(queue, offsets)
    const known = offsets.get(message)
    if (known !== undefined && known !== offset) {
      this.#world.fail(`twice in a queue: ${message} in ${queue} at ${known} and ${offset}`)
    }
    offsets.set(message, offset)
    return row
  }

  /** The server said that this settlement, which ends the message, is committed. */
  settled(queue: string, offset: number, attempt: number): void {
    const row = this.#rows.get(queue)?.get(offset)
    if (row === undefined) return this.#world.fail(`settled, not delivered: ${queue}/${offset}`)
    row.settledAttempt = attempt
    if (Math.max(...row.attempts) > attempt) {
      const attempts = [...row.attempts].join(' ')
      this.#world.fail(`an old delivery was settled: ${queue}/${offset} ${attempt} of ${attempts}`)
    }
  }

  /** Confirmed messages that did not reach one of their queues. */
  get missing(): string[] {
    const missing: string[] = []
    for (const [message, { isConfirmed, queues }] of this.#published) {
      if (!isConfirmed) continue
      for (const queue of queues) {
        if (!this.#offsets.get(queue)?.has(message)) missing.push(`${message} in ${queue}`)
      }
    }
    return missing
  }

  /** In each queue, the messages of a publisher lie in the order in which it sent them. */
  checkOrder(): void {
    for (const [queue, rows] of this.#rows) {
      const last = new Map<string, number>()
      for (const [offset, { message }] of [...rows].sort(([a], [b]) => a - b)) {
        const published = this.#published.get(message)
        if (published === undefined) continue
        const { publisher, sequence } = published
        if (sequence < (last.get(publisher) ?? 0)) {
          this.#world.fail(`out of order: ${message} at ${queue}/${offset}`)
        }
        last.set(publisher, sequence)
      }
    }
  }
}

/** A body that tells which message it is, of a size that varies. */
export function bodyOf(message: string): string {
  let size = 0
  for (const letter of message) size = (size * 31 + letter.charCodeAt(0)) % 997
  return `${message}|${'x'.repeat(size % 40 === 0 ? size * 3 : size % 60)}`
}
