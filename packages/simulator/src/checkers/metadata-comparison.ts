// Feeds the plain model of the metadata each committed entry once, in order, and compares the
// machine that applied it: the answers, and how many of everything there are.
import {
  decodeMetadataCommand,
  type MetadataCommand,
  type MetadataMachine,
  type MetadataResult,
  metadataLimits,
  unpackMetadataBatch
} from '@holdfast/broker'
import { HoldfastError } from '@holdfast/errors'
import type { Report } from './checks.ts'
import { ReferenceMetadata } from './reference-metadata.ts'

/** What the machine made of an entry. */
export interface AppliedMetadata {
  readonly index: number
  readonly data: Uint8Array
  readonly machine: Pick<MetadataMachine, 'topology' | 'membership' | 'outbox'>
  readonly results: readonly MetadataResult[]
}

/** Null where a decoder refuses it, as on all replicas. */
function decoded(bytes: Uint8Array): MetadataCommand | null {
  try {
    return decodeMetadataCommand(bytes)
  } catch (error) {
    if (error instanceof HoldfastError) return null
    throw error
  }
}

export class MetadataComparison {
  readonly #report: Report
  readonly #reference: ReferenceMetadata = new ReferenceMetadata()
  #index = 0

  constructor(report: Report) {
    this.#report = report
  }

  /** Exclusive queues that there are, as the log has it. */
  get ownedQueues(): readonly string[] {
    return [...this.#reference.queues].flatMap(([name, { owner }]) => (owner === null ? [] : name))
  }

  /** An entry was applied somewhere; only the first time counts. */
  applied(entry: AppliedMetadata): void {
    const { index, data, results } = entry
    if (index <= this.#index) return
    this.#index = index
    unpackMetadataBatch(data).commands.forEach((bytes, position) => {
      const command = decoded(bytes)
      const result = results[position]
      if (command === null || result === undefined) return
      this.#compare(command, index * metadataLimits.commandsMax + position, result)
    })
    this.#compareWhole(entry)
  }

  #compare(command: MetadataCommand, cursor: number, result: MetadataResult): void {
    const isRefused = 'error' in result
    const expected = this.#reference.apply(command, cursor, isRefused)
    if (expected === undefined || isRefused) return
    const [got, wanted] = [JSON.stringify(result.reply), JSON.stringify(expected)]
    if (got !== wanted) this.#wrong(`${command.type} ${cursor} got ${got}, not ${wanted}`)
  }

  #compareWhole({ machine: { topology, membership, outbox } }: AppliedMetadata): void {
    const { queues, bindings, nodes } = this.#reference
    const { counts } = topology
    if (counts.queues !== queues.size || counts.bindings !== bindings.size) {
      const there = `${queues.size} and ${bindings.size}`
      this.#wrong(`${counts.queues} queues and ${counts.bindings} bindings, not ${there}`)
    }
    const known = membership.nodes.map(({ node, incarnation }) => `${node}.${incarnation}`)
    const wanted = [...nodes].map(([node, { incarnation }]) => `${node}.${incarnation}`)
    if (known.join() !== wanted.join()) this.#wrong(`the nodes are ${known}, not ${wanted}`)
    for (const [group, cursors] of this.#reference.outbox) {
      const open = outbox.entries(group).map(({ cursor }) => cursor)
      if (open.join() !== cursors.join()) {
        this.#wrong(`group ${group} has to take over ${open}, not ${cursors}`)
      }
    }
  }

  #wrong(detail: string): void {
    this.#report('reference-metadata', `entry ${this.#index}: ${detail}`)
  }
}
