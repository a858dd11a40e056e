// By what a leader may rely on being the only one: who has answered which of its heartbeats, by the
// time at which that left, for a follower's silence counts from its hearing, which is later (thesis
// §6.4.1). An order to campaign makes them void: who has it asks for votes that no silence refuses.
import type { Configuration, Message, ReplicaId } from '@holdfast/raft'
import { isQuorumOf } from '../checkers/quorums.ts'

/** Older rounds are answered by nobody any more. */
const roundsMax = 256

export class LeaseVariables {
  #tick = 0
  /** When each round left. */
  readonly #sentTicks = new Map<number, number>()
  /** When the latest round left that a follower has answered. */
  readonly #answeredTicks = new Map<ReplicaId, number>()
  /** When an order to campaign left last; null: none in this term. */
  #orderedTick: number | null = null

  passed(ticks: number): void {
    this.#tick += ticks
  }

  /** A term of leadership begins. */
  begin(): void {
    this.#sentTicks.clear()
    this.#answeredTicks.clear()
    this.#orderedTick = null
  }

  /** A message of this leader leaves. */
  sent(message: Message): void {
    if (message.type === 'timeout-now') this.#orderedTick = this.#tick
    if (message.type !== 'heartbeat-request' || this.#sentTicks.has(message.round)) return
    this.#sentTicks.set(message.round, this.#tick)
    for (const round of this.#sentTicks.keys()) {
      if (this.#sentTicks.size <= roundsMax) break
      this.#sentTicks.delete(round)
    }
  }

  /** A follower answers a round of this term. */
  answered(from: ReplicaId, round: number): void {
    const sent = this.#sentTicks.get(round)
    if (sent === undefined) return
    this.#answeredTicks.set(from, Math.max(sent, this.#answeredTicks.get(from) ?? 0))
  }

  /** Whether a quorum has answered what left less than `ticks` ago, and nobody was told to lead. */
  isHeld(configuration: Configuration, self: ReplicaId, ticks: number): boolean {
    if (this.#orderedTick !== null && this.#tick - this.#orderedTick < ticks) return false
    return isQuorumOf(configuration, (replica) => {
      const answered = this.#answeredTicks.get(replica)
      return replica === self || (answered !== undefined && this.#tick - answered < ticks)
    })
  }
}
