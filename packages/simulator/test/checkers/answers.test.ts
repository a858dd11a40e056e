// Answers are held against what shards have applied: too early is wrong.
import { noDeadlineMs } from '@holdfast/broker'
import t from 'tap'
import { Answers } from '../../src/checkers/answers.ts'
import type { Check } from '../../src/checkers/checks.ts'
import type { Ending } from '../../src/checkers/hears.ts'
import { blankQueue } from '../../src/checkers/reference-lifetimes.ts'
import type { ReferenceQueue } from '../../src/checkers/reference-types.ts'

function shard(
  name: string,
  stored: readonly string[],
  messages: ReferenceQueue['messages'] = new Map()
) {
  const bodies = new Map(stored.map((body, at) => [at + 1, body]))
  const queue: ReferenceQueue = { ...blankQueue({ name, vhost: '/' }), messages, bodies }
  const hasLeft = (asked: string, message: string): boolean => asked === name && message === 'm9'
  const openQueue = (asked: string) => (asked === name ? queue : undefined)
  return { openQueue, hasLeft, hasStored: (message: string) => message === 'm9' }
}

function findings(shards: ReturnType<typeof shard>[], run: (answers: Answers) => void): Check[] {
  const found: Check[] = []
  run(
    new Answers(
      (check) => void found.push(check),
      () => shards
    )
  )
  return found
}

t.test('a confirm speaks for each of the queues', async (t) => {
  const shards = [shard('a', ['m1', 'm2']), shard('b', ['m1'])]
  const confirmed = (body: string, queues: readonly string[]) => (answers: Answers) =>
    answers.confirmed({ body, queues })
  t.same(findings(shards, confirmed('m1', ['a', 'b'])), [])
  t.same(findings(shards, confirmed('m2', ['a'])), [])
  t.same(findings(shards, confirmed('m2', ['a', 'b'])), ['confirm-after-commit'])
  t.same(findings(shards, confirmed('m2', ['nowhere'])), ['confirm-after-commit'])
})

t.test('what is confirmed was in a queue once', async (t) => {
  const shards = [shard('a', ['m1'])]
  const confirmed = (message: string) => (answers: Answers) => answers.confirmedSomewhere(message)
  t.same(findings(shards, confirmed('m9')), [])
  t.same(findings(shards, confirmed('m1')), ['confirm-after-commit'])
})

t.test('a dead letter has arrived before it leaves', async (t) => {
  const shards = [shard('grave', ['m1'])]
  const taken = (to: string, body: string) => (answers: Answers) =>
    answers.taken({ from: 'q', to, body })
  t.same(findings(shards, taken('grave', 'm1')), [])
  t.same(findings(shards, taken('grave', 'm2')), ['dead-letter-arrives'])
  t.same(findings(shards, taken('deleted', 'm2')), [])
})

t.test('a delivery is what lies at its offset', async (t) => {
  const shards = [shard('a', ['m1', 'm2'])]
  const counts = { attempt: 0, deliveryCount: 0 }
  const delivered = (queue: string, offset: number, body: string) => (answers: Answers) =>
    answers.delivered({ queue, offset, body, ...counts })
  t.same(findings(shards, delivered('a', 2, 'm2')), [])
  t.same(findings(shards, delivered('a#1', 2, 'm1')), [])
  t.same(findings(shards, delivered('a', 2, 'm1')), ['delivered-from-log'])
  t.same(findings(shards, delivered('a', 3, 'm2')), ['delivered-from-log'])
})

t.test('a delivery is told with the count that its attempt has in the log', async (t) => {
  const counts = { attempt: 3, deliveryCount: 2, isOut: false, priority: 0 }
  const message = { entry: 1, sizeBytes: 1, deadlineMs: noDeadlineMs, ...counts }
  const shards = [shard('a', ['m1', 'm2'], new Map([[2, message]]))]
  const told = (attempt: number, deliveryCount: number) => [
    findings(shards, (answers) => {
      answers.delivered({ queue: 'a', offset: 2, body: 'm2', attempt, deliveryCount })
    }),
    findings(shards, (answers) => answers.came('a', 'm2', { attempt, deliveryCount }))
  ]
  t.same(told(3, 2), [[], []])
  t.same(told(2, 0), [[], []], 'it has come back since')
  t.same(told(3, 3), [['true-attempt'], ['true-attempt']])
})

t.test('a settlement that is answered is in the log', async (t) => {
  const counts = { attempt: 2, deliveryCount: 2, isOut: false, priority: 0 }
  const message = { entry: 1, sizeBytes: 1, deadlineMs: noDeadlineMs, ...counts }
  const shards = [shard('a', [], new Map([[7, message]]))]
  const settled = (offset: number, attempt: number, isFinal: boolean) => (answers: Answers) =>
    answers.settled({ queue: 'a', offset, attempt, isFinal })
  t.same(findings(shards, settled(8, 0, true)), [])
  t.same(findings(shards, settled(7, 1, false)), [])
  t.same(findings(shards, settled(7, 2, false)), ['settle-after-commit'])
  t.same(findings(shards, settled(7, 1, true)), ['settle-after-commit'])
})

t.test('a queue is there once it is declared, and gone once it is deleted', async (t) => {
  const shards = [shard('a', [])]
  t.same(
    findings(shards, (answers) => answers.declared('a')),
    []
  )
  t.same(
    findings(shards, (answers) => answers.declared('b')),
    ['change-in-force']
  )
  t.same(
    findings(shards, (answers) => answers.deleted('b')),
    []
  )
  t.same(
    findings(shards, (answers) => answers.deleted('a')),
    ['change-in-force']
  )
})

t.test('nothing is settled that no client has settled', async (t) => {
  const ending = { queue: 'a', outcome: 'accepted', offset: 3, attempt: 1 } as const
  const settles = (changes: Partial<Ending>) => (answers: Answers) => {
    answers.decided(ending)
    answers.automatic('b')
    answers.settles({ ...ending, ...changes })
  }
  t.same(findings([], settles({})), [])
  t.same(findings([], settles({ queue: 'b', offset: 9 })), [])
  t.same(findings([], settles({ offset: 4 })), ['settled-by-client'])
  t.same(findings([], settles({ attempt: 0 })), ['settled-by-client'])
  t.same(findings([], settles({ outcome: 'rejected' })), ['settled-by-client'])
})

t.test('what is only ever replaced is there once', async (t) => {
  const counts = { attempt: 0, deliveryCount: 0, isOut: false, priority: 0 }
  const message = { entry: 1, sizeBytes: 1, deadlineMs: noDeadlineMs, ...counts }
  const there = (...offsets: number[]) => [
    shard(
      'a',
      ['m1|', 'm2|', 'm1|other', 'm3|', 'm3|other'],
      new Map(offsets.map((offset) => [offset, message]))
    )
  ]
  const kinds = { confirmed: ['m1', 'm2'], inDoubt: ['m3'] }
  const replaced = (answers: Answers) => answers.replaced('a', kinds)
  t.same(findings(there(1, 2), replaced), [])
  t.same(findings(there(2, 3), replaced), [])
  t.same(findings(there(1, 2, 3), replaced), ['replaced-as-a-whole'], 'one is there twice')
  t.same(findings(there(2), replaced), ['replaced-as-a-whole'], 'one is gone')
  t.same(findings(there(1, 2, 4), replaced), [], 'nobody knows of the third')
  t.same(findings(there(1, 2, 4, 5), replaced), ['replaced-as-a-whole'], 'nor may it be twice')
})

t.test('what has expired is known to whoever asks for it', async (t) => {
  let found: unknown = null
  findings([shard('a', []), shard('b', [])], (answers) => {
    found = [answers.hasLeft('b', 'm9', 'maxlen'), answers.hasLeft('b', 'm1', 'maxlen')]
  })
  t.same(found, [true, false])
})
