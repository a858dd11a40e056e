// One replica by itself, for tests that look at a single reaction: what goes in is a message, what
// comes out are messages. Every ready is durable at once unless a test holds it back.
import {
  blankState,
  type Configuration,
  type Entry,
  emptyConfiguration,
  encodeConfiguration,
  type Message,
  Raft,
  type RaftConfig,
  type RaftInitialState,
  type TermRun
} from '../src/index.ts'

export const testConfig: RaftConfig = {
  id: 1,
  electionTimeoutTicks: 10,
  heartbeatIntervalTicks: 2,
  appendBytesMax: 1024,
  inflightRequestsMax: 4,
  inflightBytesMax: 1024,
  uncommittedBytesMax: 4096,
  broadcastCommit: true,
  random: () => 0
}

/** A log of empty commands with these terms, the first at index 1. */
export function stateOf(
  terms: readonly number[],
  configuration: Configuration,
  hard: { readonly term?: number; readonly vote?: number; readonly commit?: number } = {}
): RaftInitialState {
  const entries: Entry[] = terms.map((term, at) => command(at + 1, term))
  const runs: TermRun[] = []
  terms.forEach((term, at) => {
    if (runs.at(-1)?.term !== term) runs.push({ firstIndex: at + 1, term })
  })
  return {
    ...blankState(),
    hardState: {
      term: hard.term ?? terms.at(-1) ?? 0,
      vote: hard.vote ?? null,
      commit: hard.commit ?? 0
    },
    configuration,
    terms: runs,
    lastIndex: terms.length,
    entries
  }
}

export function command(index: number, term: number, text = ''): Entry {
  const data = Uint8Array.from(text, (character) => character.charCodeAt(0))
  return { index, term, type: 'command', data }
}

export function configurationEntry(index: number, term: number, voters: readonly number[]): Entry {
  const data = encodeConfiguration({ ...emptyConfiguration, voters })
  return { index, term, type: 'configuration', data }
}

export function voters(...ids: readonly number[]): Configuration {
  return { ...emptyConfiguration, voters: ids }
}

export const three: Configuration = voters(1, 2, 3)
export const five: Configuration = voters(1, 2, 3, 4, 5)

export type MessageOf<Type extends Message['type']> = Extract<Message, { type: Type }>

/** What another replica asks of this one. */
export function voteRequest(
  term: number,
  last: { readonly index: number; readonly term: number },
  from = 2
): MessageOf<'vote-request'> {
  return { type: 'vote-request', from, to: 1, term, pre: false, transfer: false, last, commit: 0 }
}

/** What the leader of a term, replica 2, says at an interval. */
export function heartbeat(term: number, commit = 0): MessageOf<'heartbeat-request'> {
  return { type: 'heartbeat-request', from: 2, to: 1, term, commit, round: 1 }
}

export function ofType<Type extends Message['type']>(
  messages: readonly Message[],
  type: Type
): readonly MessageOf<Type>[] {
  return messages.filter((message) => message.type === type) as MessageOf<Type>[]
}

export function start(initial: RaftInitialState, config: Partial<RaftConfig> = {}): Raft {
  return new Raft({ ...testConfig, ...config }, initial)
}

/**
 * The same, after so much silence that votes are free; its timeout is long, so it does not
 * campaign.
 */
export function startQuiet(initial: RaftInitialState, config: Partial<RaftConfig> = {}): Raft {
  const raft = start(initial, { random: () => 0.99, ...config })
  for (let tick = 0; tick < testConfig.electionTimeoutTicks; tick++) raft.tick()
  drain(raft)
  return raft
}

/** Takes readies until there are none, each durable at once; all messages in order. */
export function drain(raft: Raft): readonly Message[] {
  const messages: Message[] = []
  while (raft.hasReady) {
    const ready = raft.ready()
    messages.push(...ready.messages, ...ready.messagesAfterPersist)
    raft.persisted(ready.number)
  }
  return messages
}

/**
 * Elects replica 1 in the term after its own, by the votes of `from`; the no-op is durable here.
 */
export function elect(raft: Raft, from: readonly number[]): readonly Message[] {
  for (let tick = 0; tick < 20 && raft.role === 'follower'; tick++) raft.tick()
  drain(raft)
  const term = raft.term + 1
  for (const pre of [true, false]) {
    for (const voter of from) {
      const vote = { type: 'vote-response', from: voter, to: raft.id, term, pre } as const
      raft.step({ ...vote, granted: true })
    }
    if (pre) drain(raft)
  }
  return drain(raft)
}

/** An acceptance by a follower that this leader has tracked since its no-op. */
export function accept(raft: Raft, from: number, index: number, session: number): void {
  raft.step({
    type: 'append-response',
    from,
    to: raft.id,
    term: raft.term,
    session,
    accepted: true,
    index,
    hint: { index: 0, term: 0 }
  })
}

export function append(
  raft: Raft,
  request: {
    readonly term: number
    readonly previous: { readonly index: number; readonly term: number }
    readonly entries?: readonly Entry[]
    readonly commit?: number
  }
): readonly Message[] {
  raft.step({
    type: 'append-request',
    from: 2,
    to: raft.id,
    term: request.term,
    session: 1,
    previous: request.previous,
    commit: request.commit ?? 0,
    entries: request.entries ?? []
  })
  return drain(raft)
}
