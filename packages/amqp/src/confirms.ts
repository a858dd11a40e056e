// The confirms of one channel (RabbitMQ's extension confirm.select): publishes count from 1, and
// their outcomes leave once a turn. Everything below the lowest publish without an outcome goes
// in one ack with `multiple`; what was refused goes first, one nack each, so that no tag gets both.
import type { FrameWriter } from './frame-codec.ts'

export class Confirms {
  #lastTag = 0
  /** Lowest tag without an outcome. */
  #lowest = 1
  /** Tags from `#lowest` on with an outcome that the client was told. */
  readonly #told = new Set<number>()
  /** Flat ranges `[first, last, …]` that wait for the next `write`. */
  #accepted: number[] = []
  #refused: number[] = []

  /** Tag of the next publish. */
  next(): number {
    this.#lastTag++
    return this.#lastTag
  }

  accept(first: number, last: number): void {
    this.#accepted.push(first, last)
  }

  refuse(first: number, last: number): void {
    this.#refused.push(first, last)
  }

  write(writer: FrameWriter, channel: number): void {
    for (const deliveryTag of tagsIn(this.#refused)) {
      writer.method(channel, {
        type: 'basic.nack',
        deliveryTag,
        multiple: false,
        requeue: false
      })
      this.#told.add(deliveryTag)
    }
    const accepted = [...tagsIn(this.#accepted)].sort((a, b) => a - b)
    for (const tag of accepted) this.#told.add(tag)
    while (this.#told.delete(this.#lowest)) this.#lowest++
    const below = accepted.filter((tag) => tag < this.#lowest)
    const deliveryTag = below.at(-1)
    if (deliveryTag !== undefined) {
      writer.method(channel, { type: 'basic.ack', deliveryTag, multiple: below.length > 1 })
    }
    for (const tag of accepted.slice(below.length)) {
      writer.method(channel, { type: 'basic.ack', deliveryTag: tag, multiple: false })
    }
    this.#accepted = []
    this.#refused = []
  }
}

function* tagsIn(ranges: readonly number[]): Generator<number> {
  for (let at = 0; at + 1 < ranges.length; at += 2) {
    const last = ranges[at + 1] ?? 0
    for (let tag = ranges[at] ?? 0; tag <= last; tag++) yield tag
  }
}
