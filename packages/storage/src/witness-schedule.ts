// When the tail witness is written (storage rule S7): at most an interval behind the log, at once
// where a vote has been cast, since a vote that is lost may be cast twice, and when the store is
// closed. An idle log costs nothing.
import type { Change } from './change.ts'
import type { NodeState } from './node-state.ts'
import { headerChecksum } from './section.ts'
import type { TailWitness, Witnessed } from './tail-witness.ts'

/** What a store of that state may be asked for later. */
export function witnessOf(state: NodeState, sequence: number, recordChecksum: number): Witnessed {
  const groups = state.sortedGroups().map(({ group, lastIndex, hardState }) => {
    return { group, lastIndex, commit: hardState.commit }
  })
  return { sequence, recordChecksum, groups }
}

/** Whether the changes, which `state` does not have yet, cast a vote. */
export function castsVote(state: NodeState, changes: readonly Change[]): boolean {
  return changes.some((change) => {
    if (change.type !== 'group' || change.hardState === null) return false
    const { term, vote } = change.hardState
    const known = state.groups.get(change.group)?.hardState
    return vote !== null && (known?.term !== term || known.vote !== vote)
  })
}

export class WitnessSchedule {
  readonly #witness: TailWitness
  readonly #state: NodeState
  readonly #intervalMs: number
  /** A write that nobody waits for failed. */
  readonly #failed: (error: unknown) => void
  #timer: NodeJS.Timeout | null = null
  #sequence = 0
  #recordChecksum = 0

  constructor(
    witness: TailWitness,
    state: NodeState,
    intervalMs: number,
    failed: (error: unknown) => void
  ) {
    this.#witness = witness
    this.#state = state
    this.#intervalMs = intervalMs
    this.#failed = failed
  }

  /** The record is durable, and the last one. */
  note(sequence: number, value: Uint8Array): void {
    this.#sequence = sequence
    this.#recordChecksum = headerChecksum(value)
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.now().catch(this.#failed)
    }, this.#intervalMs).unref()
  }

  /** Resolves when the witness has seen the last record that was noted. */
  async now(): Promise<void> {
    if (this.#sequence <= this.#witness.sequence) return
    await this.#witness.write(witnessOf(this.#state, this.#sequence, this.#recordChecksum))
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#witness.close()
  }
}
