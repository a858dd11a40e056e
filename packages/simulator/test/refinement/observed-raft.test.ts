// A replica that is watched does what it would do unwatched; what it forgot in a restart, and what
// it says that is not so, is found.
import {
  blankState,
  bootstrapState,
  type Message,
  Raft,
  type RaftInitialState,
  type Ready
} from '@holdfast/raft'
import t from 'tap'
import { GroupLedger } from '../../src/checkers/group-ledger.ts'
import { guardMessage } from '../../src/refinement/message-guards.ts'
import { ObservedRaft } from '../../src/refinement/observed-raft.ts'
import type { ActionCounts } from '../../src/refinement/replica-watch.ts'
import type { Remains } from '../../src/refinement/restart-guard.ts'
import { config } from './sample-steps.ts'

class Bench {
  readonly found: string[] = []
  readonly counts: ActionCounts = new Map()
  readonly ledger = new GroupLedger(
    'group 1',
    (check, detail) => void this.found.push(`${check}: ${detail}`),
    (bytes) => bytes.length
  )

  open(initial: RaftInitialState, remains: Remains | null = null): ObservedRaft {
    return new ObservedRaft(config, initial, this.ledger, { remains, counts: this.counts })
  }

  /** Everything is durable at once. */
  work(raft: ObservedRaft): Ready[] {
    const readies: Ready[] = []
    while (raft.hasReady) {
      const ready = raft.ready()
      readies.push(ready)
      raft.persisted(ready.number)
      for (const message of [...ready.messages, ...ready.messagesAfterPersist]) {
        this.ledger.sent(message)
      }
    }
    raft.applied(raft.applicableIndex)
    return readies
  }

  /** A group of one that leads itself and has committed an entry. */
  born(): ObservedRaft {
    const raft = this.open(bootstrapState(1))
    raft.campaign()
    this.work(raft)
    raft.propose(Uint8Array.of(1))
    this.work(raft)
    return raft
  }
}

function restartedState(changes: Partial<RaftInitialState>): RaftInitialState {
  const first = bootstrapState(1)
  const data = new Uint8Array(0)
  const noop = { index: 2, term: 2, type: 'no-op', data } as const
  const command = { index: 3, term: 2, type: 'command', data: Uint8Array.of(1) } as const
  return {
    ...first,
    isUnpersisted: false,
    hardState: { term: 2, vote: 1, commit: 3 },
    terms: [
      { firstIndex: 1, term: 1 },
      { firstIndex: 2, term: 2 }
    ],
    lastIndex: 3,
    entries: [...first.entries, noop, command],
    ...changes
  }
}

t.test('the life of a group of one is made of actions of the specification', async (t) => {
  const bench = new Bench()
  const raft = bench.born()
  t.ok(raft.isLeader)
  t.equal(raft.commitIndex, 3)
  t.same(bench.found, [])
  t.match(
    [...bench.counts.keys()],
    ['Restart', 'Timeout', 'BecomeLeader', 'ClientRequest', 'AdvanceCommitIndex']
  )
  const again = bench.open(restartedState({}), raft.remains)
  again.campaign()
  bench.work(again)
  t.same(bench.found, [], 'what was durable is there again')
})

t.test('what a restart forgot is found', async (t) => {
  const shorter = restartedState({ lastIndex: 2 })
  const forgotten: Readonly<Record<string, readonly [RegExp, RaftInitialState]>> = {
    'its term': [
      /forgot term 2/,
      { ...bootstrapState(1), isUnpersisted: false, hardState: { term: 1, vote: null, commit: 0 } }
    ],
    'its vote': [
      /forgot its vote/,
      restartedState({ hardState: { term: 2, vote: null, commit: 3 } })
    ],
    'its last entry': [
      /forgot entry 3/,
      {
        ...shorter,
        hardState: { term: 2, vote: 1, commit: 2 },
        entries: shorter.entries.slice(0, 2)
      }
    ],
    'that nothing more was committed': [
      /restarts with commit 4/,
      restartedState({
        hardState: { term: 2, vote: 1, commit: 4 },
        lastIndex: 4,
        entries: [
          ...restartedState({}).entries,
          { index: 4, term: 2, type: 'no-op', data: new Uint8Array(0) }
        ]
      })
    ]
  }
  for (const [name, [pattern, initial]] of Object.entries(forgotten)) {
    const bench = new Bench()
    const { remains } = bench.born()
    t.same(bench.found, [])
    bench.open(initial, remains)
    t.ok(
      bench.found.some((each) => pattern.test(each)),
      `${name}: ${bench.found.join('; ')}`
    )
  }
})

t.test('what a replica says that is not so is found', async (t) => {
  const raft = new Bench().born()
  const at = { from: 1, to: 2, term: 2 } as const
  const data = new Uint8Array(0)
  const request = { type: 'append-request', ...at, session: 2, commit: 3 } as const
  const entry = { index: 3, term: 2, type: 'command', data } as const
  const id = (index: number, term: number): { index: number; term: number } => ({ index, term })
  const configuration = { voters: [1], outgoing: [], learners: [] }
  const snapshot = { id: id(9, 2), configuration, manifest: data }
  const said: Readonly<Record<string, Message>> = {
    'speaks for 3': { ...request, from: 3, previous: id(3, 2), entries: [] },
    'speaks of term 7': { ...request, term: 7, previous: id(3, 2), entries: [] },
    'commits more': { ...request, commit: 4, previous: id(3, 2), entries: [] },
    'a wrong entry before': { ...request, previous: id(2, 1), entries: [] },
    'with a gap': { ...request, previous: id(1, 1), entries: [entry] },
    'falling terms': { ...request, previous: id(2, 2), entries: [{ ...entry, term: 1 }] },
    'not its own': { ...request, previous: id(1, 1), entries: [{ ...entry, index: 2, term: 1 }] },
    'accepts up to 9': {
      type: 'append-response',
      ...at,
      session: 1,
      accepted: true,
      index: 9,
      hint: id(0, 0)
    },
    'grants a vote': { type: 'vote-response', ...at, pre: false, granted: true },
    'a heartbeat commits more': { type: 'heartbeat-request', ...at, commit: 4, round: 1 },
    'what is not committed': { type: 'snapshot-request', ...at, session: 2, snapshot }
  }
  const judge = (message: Message): string[] => {
    const wrong: string[] = []
    const verdict = { found: () => undefined, wrong: (text: string) => void wrong.push(text) }
    guardMessage(raft, message, verdict)
    return wrong
  }
  for (const [sentence, message] of Object.entries(said)) {
    const wrong = judge(message)
    t.ok(
      wrong.some((each) => each.includes(sentence)),
      `${sentence}: ${wrong.join('; ')}`
    )
  }
  t.same(judge({ ...request, previous: id(2, 2), entries: [entry] }), [])
})

t.test('a snapshot with a configuration of another time is found', async (t) => {
  const bench = new Bench()
  const raft = bench.born()
  const manifest = new Uint8Array(0)
  const configuration = { voters: [1], outgoing: [], learners: [] }
  raft.snapshotTaken({ id: { index: 2, term: 2 }, configuration, manifest })
  t.same(bench.found, [])
  const later = { voters: [1, 2], outgoing: [1], learners: [] }
  raft.snapshotTaken({ id: { index: 3, term: 2 }, configuration: later, manifest })
  t.match(bench.found[0], /a configuration that was not in force/)
})

t.test('a read that is answered from the past is found', async (t) => {
  const bench = new Bench()
  const raft = bench.born()
  raft.requestRead(1)
  bench.work(raft)
  t.same(bench.found, [])
  // Another replica knows more.
  const termAt = (): number => 2
  bench.ledger.committed({ id: 2, term: 2, firstIndex: 1, termAt }, 3, 4)
  raft.requestRead(2)
  bench.work(raft)
  t.match(bench.found[0], /linearizable-read.*answered with 3, 4 was committed/)
})

t.test('a log that changes while a snapshot replaces it is found', async (t) => {
  const bench = new Bench()
  const raft = bench.open(blankState())
  const at = { from: 2, to: 1, term: 1, session: 1 } as const
  const configuration = { voters: [1, 2], outgoing: [], learners: [] }
  const snapshot = { id: { index: 5, term: 1 }, configuration, manifest: new Uint8Array(0) }
  bench.ledger.committed({ id: 2, term: 1, firstIndex: 1, termAt: () => 1 }, 0, 5)
  raft.step({ type: 'snapshot-request', ...at, snapshot })
  bench.work(raft)
  t.ok(raft.beginInstall(snapshot))
  raft.installed(snapshot)
  t.same(bench.found, [])
  const entry = { index: 6, term: 1, type: 'command', data: Uint8Array.of(1) } as const
  raft.step({
    type: 'append-request',
    ...at,
    previous: { index: 5, term: 1 },
    commit: 5,
    entries: [entry]
  })
  t.notOk(
    bench.found.some((each) => each.includes('replaces')),
    'the install has ended'
  )
})

t.test('an install may have reached the disk though nobody was told', async (t) => {
  const bench = new Bench()
  const raft = bench.open(restartedState({ hardState: { term: 3, vote: null, commit: 1 } }))
  const configuration = { voters: [1, 2], outgoing: [], learners: [] }
  const snapshot = { id: { index: 2, term: 3 }, configuration, manifest: new Uint8Array(0) }
  bench.ledger.committed({ id: 2, term: 3, firstIndex: 1, termAt: () => 3 }, 0, 2)
  raft.step({ type: 'snapshot-request', from: 2, to: 1, term: 3, session: 1, snapshot })
  const { remains } = raft
  t.ok(raft.beginInstall(snapshot))
  const installed = restartedState({
    hardState: { term: 3, vote: null, commit: 2 },
    snapshot,
    configuration,
    firstIndex: 3,
    terms: [],
    lastIndex: 2,
    entries: [],
    applied: 2
  })
  const before = bench.found.length
  bench.open(installed, raft.remains)
  t.same(bench.found.slice(before), [])
  bench.open(installed, remains)
  t.match(bench.found.slice(before), [/forgot entry 3/])
})

t.test('every call that can change a replica is watched', async (t) => {
  const namesOf = (prototype: object): string[] => {
    const properties = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    return properties.flatMap(([name, { get }]) => (get === undefined ? [name] : []))
  }
  // These look, send heartbeats, or drop bodies that are on the disk.
  const others = ['entry', 'termAt', 'configurationAt', 'progress', 'bytesInFlight']
  const harmless = new Set([...others, 'hasLeaderQuorum', 'beat', 'forgetBodies'])
  const watched = new Set(namesOf(ObservedRaft.prototype))
  const unwatched = namesOf(Raft.prototype).filter((name) => !watched.has(name))
  t.same(
    unwatched.filter((name) => !harmless.has(name)),
    []
  )
})
