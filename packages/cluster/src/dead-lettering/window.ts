// What the dead letters of all queues that a node leads may take on their way at once. A queue that
// finds no room is called when there is some, after those that found none before it.

export class Window {
  readonly #lettersMax: number
  readonly #bytesMax: number
  readonly #waiting: Set<() => void> = new Set()
  #letters = 0
  #bytes = 0

  constructor(lettersMax: number, bytesMax: number) {
    this.#lettersMax = lettersMax
    this.#bytesMax = bytesMax
  }

  /** One larger letter goes alone. */
  hasRoom(bytes: number, wake: () => void): boolean {
    const fits = this.#letters < this.#lettersMax && this.#bytes + bytes <= this.#bytesMax
    if (fits || this.#letters === 0) return true
    this.#waiting.add(wake)
    return false
  }

  take(bytes: number): void {
    this.#letters++
    this.#bytes += bytes
  }

  free(letters: number, bytes: number): void {
    this.#letters -= letters
    this.#bytes -= bytes
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const wake of waiting) wake()
  }
}
