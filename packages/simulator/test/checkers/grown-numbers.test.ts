// Numbers above 32 bits arrive as they were sent.
import t from 'tap'
import { misread } from '../../src/checkers/grown-numbers.ts'

t.test('what nodes say holds large numbers', async (t) => {
  const envelope = { from: 1, to: 2, term: 3 }
  const previous = { index: 4, term: 2 }
  const entry = { index: 5, term: 3, type: 'command', data: new Uint8Array([1, 2]) } as const
  const digest = { after: 4, high: 5, low: 6 }
  const request = { type: 'append-request', ...envelope, previous, commit: 4, session: 7 } as const
  const message = { ...request, digest, entries: [entry] }
  t.equal(misread({ type: 'raft', group: 1, message }), null)
  const sections = [{ number: 8, bytes: new Uint8Array([3]) }]
  t.equal(misread({ type: 'forward', group: 1, epoch: 2, sections }), null)
})

t.test('what is misread is found', async (t) => {
  const envelope = { from: 1, to: 2, term: 3 }
  const previous = { index: 4, term: 2 }
  const entry = { index: 7, term: 3, type: 'command', data: new Uint8Array([1, 2]) } as const
  const request = { type: 'append-request', ...envelope, previous, commit: 4, session: 7 } as const
  const message = { ...request, entries: [entry] }
  t.match(misread({ type: 'raft', group: 1, message }), /raft of large numbers: .*do not ascend/)
})
