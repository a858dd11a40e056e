// Whether machines that applied the same entries are the same: what each entry did, for every
// entry; the whole state, at some indexes and wherever a snapshot is taken, is read back from a
// disk, or becomes a machine. Failure modes 34 and 75: replay from a snapshot is replay from the
// beginning.
import type { IndexRange } from '@holdfast/cluster'
import type { Report } from './checks.ts'

/** The whole state is compared at each index that this divides. */
const wholeEvery = 16

export interface HashedMachine {
  hash(): string
  /** Kept beside the state, and derived anew from a snapshot. */
  retainedEntries?(): readonly IndexRange[]
}

export class MachineAgreement {
  readonly #name: string
  readonly #report: Report
  /** By index: a digest of replies and effects, by whom it was seen first. */
  readonly #outcomes = new Map<number, { readonly digest: string; readonly by: number }>()
  readonly #states = new Map<number, { readonly hash: string; readonly by: string }>()

  constructor(name: string, report: Report) {
    this.#name = name
    this.#report = report
  }

  /** `outcome` is what the entry did there, as text. */
  applied(replica: number, index: number, outcome: string, machine: HashedMachine): void {
    const known = this.#outcomes.get(index)
    if (known === undefined) this.#outcomes.set(index, { digest: outcome, by: replica })
    else if (known.digest !== outcome) {
      this.#wrong(`entry ${index} did one thing on ${known.by}, another on ${replica}`)
    }
    if (index % wholeEvery === 0) this.stands(`${replica}`, index, machine)
  }

  /** What `who` holds is the state after entry `index`. */
  stands(who: string, index: number, machine: HashedMachine): void {
    const hash = machine.hash() + JSON.stringify(machine.retainedEntries?.() ?? null)
    const known = this.#states.get(index)
    if (known === undefined) this.#states.set(index, { hash, by: who })
    else if (known.hash !== hash) {
      this.#wrong(`after entry ${index}, ${known.by} and ${who} are in two states`)
    }
  }

  #wrong(detail: string): void {
    this.#report('machine-agreement', `${this.#name}: ${detail}`)
  }
}
