// The ledger of a group finds what no replica can see by itself, and accepts what is right.
import type { Configuration, Entry, Message } from '@holdfast/raft'
import t from 'tap'
import type { Check } from '../../src/checkers/checks.ts'
import { GroupLedger, type LogView } from '../../src/checkers/group-ledger.ts'

const sum = (bytes: Uint8Array): number => bytes.reduce((total, byte) => total + byte, 0)

function entry(index: number, term: number, byte: number = 0): Entry {
  return { index, term, type: 'command', data: Uint8Array.of(byte) }
}

/** A log of these terms, from index 1 on. */
function log(id: number, term: number, terms: readonly number[], firstIndex: number = 1): LogView {
  const termAt = (index: number): number | null => (index === 0 ? 0 : (terms[index - 1] ?? null))
  return { id, term, firstIndex, termAt }
}

function grant(from: number, to: number, term: number): Message {
  return { type: 'vote-response', from, to, term, pre: false, granted: true }
}

function accept(from: number, to: number, index: number): Message {
  const hint = { index: 0, term: 0 }
  return { type: 'append-response', from, to, term: 2, session: 1, accepted: true, index, hint }
}

const three: Configuration = { voters: [1, 2, 3], outgoing: [], learners: [] }

function findings(run: (ledger: GroupLedger) => void): Check[] {
  const found: Check[] = []
  run(new GroupLedger('group 1', (check) => void found.push(check), sum))
  return found
}

const good: Readonly<Record<string, (ledger: GroupLedger) => void>> = {
  'a leader in each term': (ledger) => {
    ledger.elected(log(1, 1, []))
    ledger.committed(log(1, 1, [1, 1]), 0, 2)
    ledger.elected(log(2, 2, [1, 1, 2]))
  },
  'a leader that lacks what a later term committed': (ledger) => {
    ledger.committed(log(3, 5, [1, 5]), 0, 2)
    ledger.elected(log(2, 4, [1]))
  },
  'a leader whose log begins behind a snapshot': (ledger) => {
    ledger.committed(log(1, 1, [1, 1]), 0, 2)
    ledger.elected(log(2, 2, [], 9))
  },
  'a vote that is repeated': (ledger) => {
    ledger.sent(grant(2, 1, 3))
    ledger.sent(grant(2, 1, 3))
    ledger.received(grant(2, 1, 3))
    ledger.sent(grant(2, 3, 4))
  },
  'an entry that is written on two replicas': (ledger) => {
    ledger.appended(entry(2, 1, 7), 1)
    ledger.appended(entry(2, 1, 7), 1)
    ledger.appended(entry(2, 2, 8), 1)
    ledger.committed(log(1, 1, [1, 1]), 0, 2)
    ledger.applied(1, entry(2, 1, 7))
  },
  'a change by one': (ledger) => {
    ledger.configured(1, three, { voters: [1, 2, 3, 4], outgoing: [1, 2, 3], learners: [] }, true)
  },
  'an answer that arrives twice': (ledger) => {
    ledger.sent(accept(2, 1, 4))
    ledger.received(accept(2, 1, 4))
    ledger.received(accept(2, 1, 3))
  }
}

const bad: Readonly<Record<string, readonly [Check, (ledger: GroupLedger) => void]>> = {
  'two leaders of a term': [
    'election-safety',
    (ledger) => {
      ledger.elected(log(1, 1, []))
      ledger.elected(log(2, 1, []))
    }
  ],
  'a leader that lacks what is committed': [
    'leader-completeness',
    (ledger) => {
      ledger.committed(log(1, 1, [1, 1]), 0, 2)
      ledger.elected(log(2, 2, [1]))
    }
  ],
  'a leader that has another entry there': [
    'leader-completeness',
    (ledger) => {
      ledger.committed(log(1, 2, [1, 2]), 0, 2)
      ledger.elected(log(2, 3, [1, 1, 3]))
    }
  ],
  'two votes in a term': [
    'one-vote',
    (ledger) => {
      ledger.sent(grant(2, 1, 3))
      ledger.sent(grant(2, 3, 3))
    }
  ],
  'a candidate that votes for another': [
    'one-vote',
    (ledger) => {
      const last = { index: 0, term: 0 }
      const [pre, transfer] = [false, false]
      ledger.sent({ type: 'vote-request', from: 2, to: 3, term: 3, pre, transfer, last, commit: 0 })
      ledger.sent(grant(2, 1, 3))
    }
  ],
  'a vote that was never given': ['one-vote', (ledger) => ledger.received(grant(2, 1, 3))],
  'an answer that was never given': [
    'persist-before-speak',
    (ledger) => {
      ledger.sent(accept(2, 1, 3))
      ledger.received(accept(2, 1, 4))
    }
  ],
  'two entries of one id': [
    'log-matching',
    (ledger) => {
      ledger.appended(entry(2, 1, 7), 1)
      ledger.appended(entry(2, 1, 8), 1)
    }
  ],
  'one entry after two others': [
    'log-matching',
    (ledger) => {
      ledger.appended(entry(3, 2), 1)
      ledger.appended(entry(3, 2), 2)
    }
  ],
  'two entries committed at an index': [
    'state-machine-safety',
    (ledger) => {
      ledger.committed(log(1, 1, [1, 1]), 0, 2)
      ledger.committed(log(2, 2, [1, 2]), 0, 2)
    }
  ],
  'a commit index out of nowhere': [
    'state-machine-safety',
    (ledger) => ledger.committed(log(1, 1, [1, 1, 1], 4), 0, 3)
  ],
  'applied, not committed': ['state-machine-safety', (ledger) => ledger.applied(1, entry(1, 1))],
  'another entry applied than committed': [
    'state-machine-safety',
    (ledger) => {
      ledger.committed(log(1, 2, [2]), 0, 1)
      ledger.applied(1, entry(1, 1))
    }
  ],
  'other bytes applied than written': [
    'state-machine-safety',
    (ledger) => {
      ledger.appended(entry(1, 1, 7), 0)
      ledger.committed(log(1, 1, [1]), 0, 1)
      ledger.applied(2, entry(1, 1, 8))
    }
  ],
  'two changes at once': [
    'one-change',
    (ledger) => ledger.configured(1, three, { ...three, learners: [4] }, false)
  ],
  'a change without a joint step': [
    'quorum-overlap',
    (ledger) => {
      ledger.configured(1, three, { voters: [3, 4, 5], outgoing: [], learners: [] }, true)
    }
  ]
}

t.test('what is right is accepted', async (t) => {
  for (const [name, run] of Object.entries(good)) t.same(findings(run), [], name)
})

t.test('what is wrong is found, for what it is', async (t) => {
  for (const [name, [check, run]] of Object.entries(bad)) t.same(findings(run), [check], name)
})
