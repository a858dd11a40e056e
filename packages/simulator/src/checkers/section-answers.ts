// What a gateway takes a section of its stream for, held against the answer from which it has that,
// and against what the log made of the section: answers get lost with links and leaders, and one
// that is lost is not made up for by another.
import type { SectionReply } from '@holdfast/broker'
import type { SectionAnswer } from '@holdfast/cluster'
import { decoderCodes } from './reference-replies.ts'

type Answer = Pick<SectionAnswer, 'number' | 'outcome'>

/** What is wrong with it; null if nothing is. `reply`: of the log, null before it has any. */
export function wrongAnswer(answer: Answer, reply: SectionReply | null | undefined): string | null {
  if (!isNamed(answer)) return `is not in the answer ${JSON.stringify(answer.outcome)}`
  if (reply === undefined) return null
  if (reply === null) return 'is answered, and was not applied'
  const [got, wanted] = [textOf(answer), logged(reply)]
  return got === wanted || isUnread(answer, reply) ? null : `is ${got}, and was ${wanted}`
}

function isNamed({ number, outcome }: Answer): boolean {
  if (outcome.type === 'again') return false
  if (outcome.type !== 'accepted') return number === outcome.number
  return number >= outcome.first && number <= outcome.last
}

/** Which code it gets that no machine could read is the leader's business. */
function isUnread({ outcome }: Answer, reply: SectionReply): boolean {
  return outcome.type === 'refused' && reply.type === 'refused' && decoderCodes.has(reply.code)
}

function textOf({ outcome }: Answer): string {
  if (outcome.type === 'refused') return `refused ${outcome.code}`
  return outcome.type === 'missing' ? `without ${outcome.queues}` : outcome.type
}

function logged(reply: SectionReply): string {
  if (reply.type === 'refused') return `refused ${reply.code}`
  if (reply.type !== 'accepted' && reply.type !== 'repeated') return reply.type
  return reply.missing.length === 0 ? 'accepted' : `without ${reply.missing}`
}
