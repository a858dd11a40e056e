// When leaders handed out what clients hear of later. What a cut or a clog holds up reaches a
// client any time after, so that when it comes says nothing of when it left its queue.
import type { DeliveryRun } from '@holdfast/broker'

export class HandOverTimes {
  /** By queue and offset: when each attempt was handed out, by its number. */
  readonly #queues = new Map<string, Map<number, number[]>>()

  handedOut(
    queue: string,
    { firstOffset, count, attempt }: Pick<DeliveryRun, 'firstOffset' | 'count' | 'attempt'>,
    nowMs: number
  ): void {
    const offsets = this.#queues.get(queue) ?? new Map<number, number[]>()
    this.#queues.set(queue, offsets)
    for (let offset = firstOffset; offset < firstOffset + count; offset += 1) {
      const attemptsMs = offsets.get(offset) ?? []
      offsets.set(offset, attemptsMs)
      attemptsMs[attempt] = nowMs
    }
  }

  /** Null: no queue of this name has handed it out. */
  handedOutMs(queue: string, offset: number, attempt: number): number | null {
    return this.#queues.get(queue)?.get(offset)?.[attempt] ?? null
  }
}
