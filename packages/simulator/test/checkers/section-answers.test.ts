// Each answer of which a gateway makes too much is found, and none of which it makes what it says.
import type { SectionReply } from '@holdfast/broker'
import t from 'tap'
import { ReferenceGateways } from '../../src/checkers/reference-gateways.ts'
import { wrongAnswer } from '../../src/checkers/section-answers.ts'

const accepted: SectionReply = { type: 'accepted', missing: [] }
const full: SectionReply = { type: 'refused', code: 'QUEUE_FULL', details: {} }
const unreadable: SectionReply = { type: 'refused', code: 'FRAME_INVALID', details: {} }

function run(number: number, reply?: SectionReply | null): string | null {
  return wrongAnswer({ number, outcome: { type: 'accepted', first: 3, last: 5 } }, reply)
}

function refused(code: string, reply: SectionReply): string | null {
  return wrongAnswer(
    { number: 4, outcome: { type: 'refused', number: 4, code, details: {} } },
    reply
  )
}

t.test('an answer is for the sections that it names', async (t) => {
  t.same(
    [3, 4, 5].map((number) => run(number, accepted)),
    [null, null, null]
  )
  t.match(run(2, accepted), 'is not in the answer')
  t.match(run(6, accepted), 'is not in the answer')
  t.match(wrongAnswer({ number: 4, outcome: { type: 'again', from: 4 } }, accepted), 'is not in')
})

t.test('it says what the log made of them', async (t) => {
  t.equal(run(4, null), 'is answered, and was not applied')
  t.equal(run(4, full), 'is accepted, and was refused QUEUE_FULL')
  t.equal(run(4, { type: 'repeated', missing: [7] }), 'is accepted, and was without 7')
  t.equal(refused('QUEUE_FULL', full), null)
  t.equal(refused('QUEUE_FULL', accepted), 'is refused QUEUE_FULL, and was accepted')
  t.equal(refused('DISK_LOW', unreadable), null, 'what nobody could read has a reason')
  const missing = { type: 'missing', number: 4, queues: [7] } as const
  t.equal(wrongAnswer({ number: 4, outcome: missing }, { type: 'accepted', missing: [7] }), null)
  t.match(wrongAnswer({ number: 4, outcome: missing }, accepted), 'is without 7')
})

t.test('what is not known any more proves nothing', async (t) => {
  t.equal(run(4), null)
  const gateways = new ReferenceGateways()
  const section = { gateway: { replica: 9, epoch: 2 }, number: 4, first: true }
  gateways.numbered(section, 1, () => full)
  t.same(gateways.replyTo(9, 2, 4), full)
  t.equal(gateways.replyTo(9, 2, 5), null)
  t.equal(gateways.replyTo(9, 2, 3), undefined)
  t.equal(gateways.replyTo(9, 1, 4), undefined, 'of another process')
})
