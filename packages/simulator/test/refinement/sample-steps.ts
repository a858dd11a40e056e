// Steps of a replica made by hand, for the tests of the guards: a good one, and what is changed in
// it to make a bad one.
import type { Configuration, EntryId, Message, RaftConfig } from '@holdfast/raft'
import type { ServerView } from '../../src/refinement/server-view.ts'
import type { Action, AppendFacts, Cause, Step, Verdict } from '../../src/refinement/step.ts'

export const three: Configuration = { voters: [1, 2, 3], outgoing: [], learners: [] }
export const joint: Configuration = { voters: [1, 2, 3], outgoing: [1, 4, 5], learners: [] }

/** Of replica 1. */
export const config: RaftConfig = {
  id: 1,
  electionTimeoutTicks: 10,
  heartbeatIntervalTicks: 2,
  appendBytesMax: 100,
  inflightRequestsMax: 4,
  inflightBytesMax: 400,
  uncommittedBytesMax: 1000,
  broadcastCommit: false,
  random: () => 0
}

export function id(index: number, term: number): EntryId {
  return { index, term }
}

/** Replica 1, a follower of term 2 with five entries, three of them committed. */
export const follower: ServerView = {
  id: 1,
  term: 2,
  role: 'follower',
  vote: null,
  leader: null,
  firstIndex: 1,
  last: id(5, 2),
  commit: 3,
  floor: 0,
  applied: 3,
  durable: 5,
  configuration: three
}

interface Parts {
  readonly before?: Partial<ServerView>
  readonly after?: Partial<ServerView>
  readonly cause?: Cause
  /** Terms of the log after the step, from index 1 on. */
  readonly log?: readonly number[]
  readonly isElectable?: boolean
  readonly owesSilence?: boolean
  readonly isInstalling?: boolean
  readonly votesGranted?: readonly number[]
  readonly preVotesGranted?: readonly number[]
  readonly matchIndex?: Readonly<Record<number, number>>
}

/** `after` is what `before` becomes where nothing else is said. */
export function step(parts: Parts): Step {
  const before = { ...follower, ...parts.before }
  const after = { ...before, ...parts.after }
  const log = parts.log ?? [1, 1, 2, 2, 2]
  return {
    before,
    after,
    cause: parts.cause ?? { type: 'tick' },
    termAt: (index) => (index === 0 ? 0 : (log[index - 1] ?? null)),
    isElectable: () => parts.isElectable ?? true,
    volatile: {
      votesGranted: new Set(parts.votesGranted),
      preVotesGranted: new Set(parts.preVotesGranted),
      owesSilence: parts.owesSilence ?? false,
      isInstalling: parts.isInstalling ?? false,
      matchIndex: new Map(
        Object.entries(parts.matchIndex ?? {}).map(([replica, match]) => [Number(replica), match])
      )
    }
  }
}

export function heard(message: Message, append: AppendFacts | null = null): Cause {
  return { type: 'message', message, append }
}

export function voteRequest(
  changes: Partial<Extract<Message, { type: 'vote-request' }>> = {}
): Message {
  const fixed = { type: 'vote-request', from: 2, to: 1, pre: false, transfer: false } as const
  return { ...fixed, term: 2, last: id(5, 2), commit: 3, ...changes }
}

export function appendRequest(
  previous: EntryId,
  terms: readonly number[],
  changes: { readonly term?: number; readonly commit?: number } = {}
): Message {
  const entries = terms.map((term, at) => {
    const data = new Uint8Array(0)
    return { index: previous.index + 1 + at, term, type: 'command', data } as const
  })
  const fixed = { type: 'append-request', from: 2, to: 1, session: 1 } as const
  return { ...fixed, term: 2, commit: 0, previous, entries, ...changes }
}

export interface Judged {
  readonly found: readonly Action[]
  readonly wrong: readonly string[]
}

/** What guards make of a step. */
export function judge(
  made: Step,
  ...guards: readonly ((step: Step, verdict: Verdict) => void)[]
): Judged {
  const found: Action[] = []
  const wrong: string[] = []
  const verdict: Verdict = {
    found: (action) => void found.push(action),
    wrong: (sentence) => void wrong.push(sentence)
  }
  for (const guard of guards) guard(made, verdict)
  return { found, wrong }
}
