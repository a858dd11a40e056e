// Whether machines that applied the same entries are the same: what each entry did, for every
// entry; the whole state, at some indexes, where a snapshot becomes a machine, and where one is
// taken and read back from its disk, unless it follows another closely. Failure modes 34 and 75:
// replay from a snapshot is replay from the beginning.
import type { IndexRange } from '@holdfast/cluster'
import type { Report } from './checks.ts'

/** The whole state is compared at each index that this divides. */
const wholeEvery = 16
/** A replica that takes snapshots closer to each other than this has some of them compared. */
const apartMin = 8

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
  /** By replica: the index of the last snapshot that was compared. */
  readonly #taken = new Map<number, number>()

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

  /** A snapshot is taken of the state after entry `index`. */
  taken(replica: number, index: number, machine: HashedMachine): void {
    const apart = index - (this.#taken.get(replica) ?? Number.NEGATIVE_INFINITY)
    if (apart > 0 && apart < apartMin) return
    this.#taken.set(replica, index)
    this.stands(`${replica}`, index, machine)
  }

  /** Whether the last snapshot of `replica` that was compared is the one after entry `index`. */
  hasCompared(replica: number, index: number): boolean {
    return this.#taken.get(replica) === index
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
