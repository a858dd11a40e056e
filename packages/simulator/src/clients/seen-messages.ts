// What came to consumers of AMQP, which are told no offsets: queues and messages.
export class SeenMessages {
  readonly #byQueue = new Map<string, Set<string>>()

  has(queue: string, message: string): boolean {
    return this.#byQueue.get(queue)?.has(message) === true
  }

  add(queue: string, message: string): void {
    const messages = this.#byQueue.get(queue) ?? new Set()
    this.#byQueue.set(queue, messages)
    messages.add(message)
  }
}
