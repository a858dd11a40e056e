// Clients of the simulated world publish each message once, whatever its library repeats: a queue
// that gets it a second time got it from somebody who took a repeat for news.
import type { ShardEffect } from '@holdfast/broker'
import { movedQueue } from '../clients/ways.ts'
import type { ReferenceQueue } from './reference-types.ts'

export class StoredOnce {
  /** By id of the queue: the messages that it ever got. */
  readonly #stored = new Map<number, Set<string>>()

  /** The messages among these that the queue has got before. */
  repeats(
    { queue: id, first, last }: Extract<ShardEffect, { type: 'published' }>,
    queue: Pick<ReferenceQueue, 'bodies' | 'name'> | undefined
  ): readonly string[] {
    if (queue === undefined || queue.name === movedQueue) return []
    const stored = this.#stored.get(id) ?? new Set<string>()
    this.#stored.set(id, stored)
    const repeats: string[] = []
    for (let offset = first; offset <= last; offset += 1) {
      const [message = '', filling] = queue.bodies.get(offset)?.split('|') ?? []
      // Others than clients of the world may publish what they like.
      if (filling === undefined) continue
      if (stored.has(message)) repeats.push(message)
      stored.add(message)
    }
    return repeats
  }
}
