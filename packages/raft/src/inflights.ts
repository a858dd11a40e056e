// Append requests that are on their way to one follower: what bounds the pipeline (thesis §10.2.1).
// Answers come in any order, and an answer for an index frees every request up to it.

export class Inflights {
  readonly #requestsMax: number
  readonly #bytesMax: number
  /** Last index and payload of each request, in the order of sending. Bounded by `requestsMax`. */
  readonly #requests: { readonly lastIndex: number; readonly bytes: number }[] = []
  #bytes = 0

  constructor(requestsMax: number, bytesMax: number) {
    this.#requestsMax = requestsMax
    this.#bytesMax = bytesMax
  }

  get count(): number {
    return this.#requests.length
  }

  get isFull(): boolean {
    return this.#requests.length >= this.#requestsMax || this.#bytes >= this.#bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Payload bytes that may still be sent. */
  get roomBytes(): number {
    return Math.max(0, this.#bytesMax - this.#bytes)
  }

  add(lastIndex: number, bytes: number): void {
    this.#requests.push({ lastIndex, bytes })
    this.#bytes += bytes
  }

  /** The follower has everything up to `index`. */
  freeTo(index: number): void {
    let freed = 0
    for (const request of this.#requests) {
      if (request.lastIndex > index) break
      this.#bytes -= request.bytes
      freed++
    }
    if (freed > 0) this.#requests.splice(0, freed)
  }

  clear(): void {
    this.#requests.length = 0
    this.#bytes = 0
  }
}
