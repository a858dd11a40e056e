// What arrives is what was said, in each of its fields.
import type { Message } from '@holdfast/raft'
import t from 'tap'
import { Spoken } from '../../src/checkers/spoken.ts'

const at = { from: 1, to: 2, term: 3 } as const
const id = { index: 4, term: 2 }
const manifest = Uint8Array.of(1)
const snapshot = { id, configuration: { voters: [1], outgoing: [], learners: [] }, manifest }
const entry = { index: 5, term: 3, type: 'command', data: manifest } as const
const digest = { after: 1, high: 2, low: 3 }

const said: readonly Message[] = [
  { type: 'vote-request', ...at, pre: false, transfer: true, last: id, commit: 2 },
  { type: 'append-request', ...at, session: 1, previous: id, commit: 2, entries: [entry], digest },
  { type: 'append-response', ...at, session: 1, accepted: true, index: 4, hint: id },
  { type: 'heartbeat-request', ...at, commit: 2, round: 7 },
  { type: 'snapshot-request', ...at, session: 1, snapshot }
]

const changed: readonly Message[] = [
  { type: 'vote-request', ...at, pre: false, transfer: true, last: id, commit: 0 },
  { type: 'vote-request', ...at, pre: false, transfer: false, last: id, commit: 2 },
  { type: 'append-request', ...at, session: 1, previous: id, commit: 2, entries: [entry] },
  { type: 'append-request', ...at, session: 1, previous: id, commit: 2, entries: [], digest },
  { type: 'append-response', ...at, session: 0, accepted: true, index: 4, hint: id },
  { type: 'heartbeat-request', ...at, commit: 2, round: 8 },
  {
    type: 'snapshot-request',
    ...at,
    session: 1,
    snapshot: { ...snapshot, manifest: new Uint8Array(9) }
  }
]

function told(): Spoken {
  const spoken = new Spoken()
  for (const message of said) spoken.said(message)
  return spoken
}

t.test('what was said may arrive, as often as it likes', async (t) => {
  const spoken = told()
  for (const message of [...said, ...said]) t.equal(spoken.untold(message), null, message.type)
})

t.test('what differs in one field was not said', async (t) => {
  const spoken = told()
  for (const message of changed) t.not(spoken.untold(message), null, message.type)
})

t.test('of who was never heard, and of what is long ago, nobody can tell', async (t) => {
  const spoken = told()
  const beat: Message = { type: 'heartbeat-request', ...at, commit: 9, round: 9 }
  t.equal(spoken.untold({ ...beat, from: 5 }), null)
  for (const term of [4, 5, 6]) spoken.said({ ...beat, term })
  t.equal(spoken.untold(beat), null)
})
