// One replica with its disk, as the explorer moves it: an input goes in, messages come out, and a
// fingerprint tells whether two replicas have the same future. It calls the handlers of the core on
// a plain state, as raft.ts does, because a state that can be read can be compared.

import { appendOwn } from '../../src/append.ts'
import type { RaftConfig } from '../../src/config.ts'
import { encodeConfiguration } from '../../src/configuration-codec.ts'
import { dispatch } from '../../src/dispatch.ts'
import { countOwnVote } from '../../src/election.ts'
import type { Entry, HardState, ReplicaId } from '../../src/entry.ts'
import type { Message } from '../../src/message.ts'
import { flush, hasReady, takeReady } from '../../src/outbox.ts'
import type { Ready } from '../../src/ready.ts'
import { advanceCommit } from '../../src/replication.ts'
import { applicableIndex, createState, type RaftState } from '../../src/state.ts'
import { tickState } from '../../src/tick.ts'

export type Input =
  | { readonly type: 'deliver'; readonly message: Message }
  /** Time passes until it campaigns. */
  | { readonly type: 'timeout' }
  /** A leader's heartbeat. */
  | { readonly type: 'beat' }
  /** The oldest write becomes durable. */
  | { readonly type: 'persist' }
  | { readonly type: 'propose' }
  /** What is not durable is lost, and a new process begins. */
  | { readonly type: 'crash' }

export interface Disk {
  readonly hardState: HardState
  readonly entries: readonly Entry[]
}

export const voters: readonly ReplicaId[] = [1, 2, 3]
const electionTimeoutTicks = 3

function configOf(id: ReplicaId): RaftConfig {
  return {
    id,
    electionTimeoutTicks,
    heartbeatIntervalTicks: 1,
    appendBytesMax: 1000,
    inflightRequestsMax: 2,
    inflightBytesMax: 1000,
    uncommittedBytesMax: 1000,
    broadcastCommit: true,
    random: () => 0
  }
}

/** All three begin with the configuration, committed. */
export function firstDisk(): Disk {
  const data = encodeConfiguration({ voters, outgoing: [], learners: [] })
  return {
    hardState: { term: 1, vote: null, commit: 1 },
    entries: [{ index: 1, term: 1, type: 'configuration', data }]
  }
}

function open(id: ReplicaId, { hardState, entries }: Disk): RaftState {
  const terms: { firstIndex: number; term: number }[] = []
  for (const { index, term } of entries) {
    if (terms.at(-1)?.term !== term) terms.push({ firstIndex: index, term })
  }
  return createState(configOf(id), {
    hardState,
    snapshot: null,
    configuration: { voters: [], outgoing: [], learners: [] },
    firstIndex: 1,
    terms,
    lastIndex: entries.length,
    entries,
    applied: 0
  })
}

export class LocalReplica {
  readonly id: ReplicaId
  readonly #speaksEarly: boolean
  state: RaftState
  disk: Disk
  /** Handed to the disk and not durable, oldest first. */
  pending: Ready[] = []
  #sent: Message[] = []

  /** `speaksEarly`: it breaks the first rule, and sends at once what should wait for its disk. */
  constructor(id: ReplicaId, speaksEarly: boolean) {
    this.id = id
    this.#speaksEarly = speaksEarly
    this.disk = firstDisk()
    this.state = open(id, this.disk)
    // At the beginning nobody owes a leader its silence.
    this.state.leaderSilenceTicks = electionTimeoutTicks
    this.#settle()
  }

  /** Whether the input means something here. */
  can(input: Exclude<Input, { type: 'deliver' }>['type']): boolean {
    switch (input) {
      case 'persist':
        return this.pending.length > 0
      case 'propose':
      case 'beat':
        return this.state.role === 'leader'
      case 'timeout':
        return this.state.role !== 'leader'
      case 'crash':
        return true
    }
  }

  /** Returns what the replica sends. */
  apply(input: Input): readonly Message[] {
    switch (input.type) {
      case 'deliver':
        dispatch(this.state, input.message)
        break
      case 'timeout':
        this.#untilCampaign()
        break
      case 'beat':
        tickState(this.state, true)
        break
      case 'propose':
        appendOwn(this.state, 'command', Uint8Array.of(this.state.term))
        break
      case 'persist':
        this.#persist()
        break
      case 'crash':
        this.pending = []
        this.state = open(this.id, this.disk)
        break
    }
    this.#settle()
    const sent = this.#sent
    this.#sent = []
    return sent
  }

  #untilCampaign(): void {
    for (let tick = 0; tick < 2 * electionTimeoutTicks; tick += 1) {
      tickState(this.state, false)
      if (this.state.electionElapsedTicks === 0) return
    }
  }

  #persist(): void {
    const ready = this.pending.shift()
    if (ready === undefined) return
    const { hardState, truncateFrom, entries } = ready
    const kept = truncateFrom === null ? this.disk.entries.length : truncateFrom - 1
    this.disk = {
      hardState: hardState ?? this.disk.hardState,
      entries: [...this.disk.entries.slice(0, kept), ...entries]
    }
    if (!this.#speaksEarly) this.#sent.push(...ready.messagesAfterPersist)
    this.state.unstable.persisted(ready.number)
    countOwnVote(this.state)
    if (this.state.role === 'leader') advanceCommit(this.state)
  }

  /**
   * Until nothing is left to be taken out. What needs no write is durable when all before it is.
   */
  #settle(): void {
    for (flush(this.state); hasReady(this.state); flush(this.state)) {
      const ready = takeReady(this.state)
      this.#sent.push(...ready.messages)
      if (this.#speaksEarly) this.#sent.push(...ready.messagesAfterPersist)
      this.pending.push(ready)
      while (this.pending[0] !== undefined && isEmpty(this.pending[0])) this.#persist()
    }
    this.state.appliedIndex = Math.max(this.state.appliedIndex, applicableIndex(this.state))
  }
}

function isEmpty({ hardState, truncateFrom, entries }: Ready): boolean {
  return hardState === null && truncateFrom === null && entries.length === 0
}
