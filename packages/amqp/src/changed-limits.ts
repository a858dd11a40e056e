// Channels whose limit has changed (AMQP 0-9-1 basic.qos with global). The leaders of the queues
// are told once for each consumer, however often it changes in what a client sends at a time.
import type { Channel } from './channel.ts'
import { noAnswer } from './request-table.ts'

export class ChangedLimits {
  readonly #channels = new Set<Channel>()

  add(channel: Channel): void {
    this.#channels.add(channel)
  }

  /** Asks for what consumers may hold by now, where that is not what was asked for last. */
  tell(): void {
    for (const { isOpen, number, consumers, host } of this.#channels) {
      if (!isOpen) continue
      for (const change of consumers.takeChanges()) {
        host.request(number, { type: 'set-prefetch', ...change }, noAnswer)
      }
    }
    this.#channels.clear()
  }
}
