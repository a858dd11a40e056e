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
    for (const [first, last] of rangesIn(this.#refused)) {
      for (let deliveryTag = first; deliveryTag <= last; deliveryTag++) {
        writer.method(channel, {
          type: 'basic.nack',
          deliveryTag,
          multiple: false,
          requeue: false
        })
        this.#told.add(deliveryTag)
      }
    }
    let below = 0
    let deliveryTag = 0
    const single: number[] = []
    for (const [first, last] of rangesIn(this.#accepted)) {
      this.#passTold()
      if (first === this.#lowest) {
        below += last - first + 1
        deliveryTag = last
        this.#lowest = last + 1
      } else for (let tag = first; tag <= last; tag++) single.push(tag)
    }
    this.#passTold()
    if (below > 0) {
      writer.method(channel, { type: 'basic.ack', deliveryTag, multiple: below > 1 })
    }
    for (const tag of single) {
      writer.method(channel, { type: 'basic.ack', deliveryTag: tag, multiple: false })
      this.#told.add(tag)
    }
    this.#accepted = []
    this.#refused = []
  }

  #passTold(): void {
    while (this.#told.delete(this.#lowest)) this.#lowest++
  }
}

/** Flat ranges as pairs, ascending. */
function rangesIn(flat: readonly number[]): readonly (readonly [first: number, last: number])[] {
  const ranges: [number, number][] = []
  for (let at = 0; at + 1 < flat.length; at += 2) ranges.push([flat[at] ?? 0, flat[at + 1] ?? 0])
  return ranges.sort(([a], [b]) => a - b)
}
