// A queue in which taking from the head costs what is taken, however much is behind it: an array
// moves all of that.

/** Dead slots at the head that are borne; beyond them, those that are more than the rest go. */
const deadMax = 1024

export class Fifo<Item> {
  /** Behind `#head` dead slots. */
  #slots: (Item | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#slots.length - this.#head
  }

  at(place: number): Item | undefined {
    return this.#slots[this.#head + place]
  }

  push(item: Item): void {
    this.#slots.push(item)
  }

  /** Takes the first `count` items, which must be there, in order. */
  take(count: number): Item[] {
    const end = this.#head + count
    const taken = this.#slots.slice(this.#head, end) as Item[]
    for (; this.#head < end; this.#head++) this.#slots[this.#head] = undefined
    if (this.#head > deadMax && this.#head > this.#slots.length / 2) {
      this.#slots = this.#slots.slice(this.#head)
      this.#head = 0
    }
    return taken
  }

  /** In order; what is pushed meanwhile comes as well. Nothing may be taken meanwhile. */
  *[Symbol.iterator](): Generator<Item> {
    for (let at = this.#head; at < this.#slots.length; at++) yield this.#slots[at] as Item
  }
}
