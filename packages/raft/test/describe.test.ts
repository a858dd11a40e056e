// One readable line for every kind of message.
import t from 'tap'
import { describeConfiguration, describeMessage, type Message } from '../src/index.ts'
import { command, configurationEntry, voters } from './single-replica.ts'

const envelope = { from: 1, to: 2, term: 3 }
const last = { index: 4, term: 2 }
const snapshot = { id: last, configuration: voters(1, 2), manifest: new Uint8Array(0) }
const entries = [command(5, 3), configurationEntry(6, 3, [1])]
const lines: [Message, string][] = [
  [
    { ...envelope, type: 'vote-request', pre: true, transfer: false, last, commit: 0 },
    'vote-request last 4/2 pre'
  ],
  [
    { ...envelope, type: 'vote-request', pre: false, transfer: true, last, commit: 0 },
    'vote-request last 4/2 transfer'
  ],
  [{ ...envelope, type: 'vote-response', pre: false, granted: true }, 'vote-response granted'],
  [
    { ...envelope, type: 'append-request', session: 1, previous: last, commit: 4, entries },
    'append-request after 4/2 commit 4 [5/3 6/3c]'
  ],
  [
    { ...envelope, type: 'append-response', session: 1, accepted: true, index: 6, hint: last },
    'append-response accepted 6'
  ],
  [
    { ...envelope, type: 'append-response', session: 1, accepted: false, index: 6, hint: last },
    'append-response refused 6 hint 4/2'
  ],
  [
    { ...envelope, type: 'heartbeat-request', commit: 4, round: 7 },
    'heartbeat-request commit 4 round 7'
  ],
  [{ ...envelope, type: 'heartbeat-response', round: 7 }, 'heartbeat-response round 7'],
  [{ ...envelope, type: 'snapshot-request', session: 1, snapshot }, 'snapshot-request 4/2 (1 2)'],
  [{ ...envelope, type: 'timeout-now' }, 'timeout-now'],
  [{ ...envelope, type: 'read-index-request', id: 8 }, 'read-index-request id 8'],
  [
    { ...envelope, type: 'read-index-response', id: 8, index: null },
    'read-index-response id 8 index none'
  ]
]

t.test('a message is one line', async (t) => {
  for (const [message, line] of lines) t.equal(describeMessage(message), `1→2 term 3 ${line}`)
})

t.test('a configuration names voters, outgoing voters and learners', async (t) => {
  const joint = { voters: [1, 4], outgoing: [1, 2], learners: [2, 3] }
  t.equal(describeConfiguration(joint), '(1 4)&(1 2) learners (2 3)')
  t.equal(describeConfiguration(voters(1)), '(1)')
})
