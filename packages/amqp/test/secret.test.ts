// A secret is renewed once at a time, and a refusal says nothing of why.
import t from 'tap'
import type { Answer } from '../src/channel.ts'
import { FrameWriter } from '../src/frame-codec.ts'
import { AmqpError } from '../src/replies.ts'
import { Secret } from '../src/secret.ts'

const update = {
  type: 'connection.update-secret',
  newSecret: new Uint8Array([1]),
  reason: 'expiry'
} as const

function setUp(): { secret: Secret; answers: Answer[]; failures: string[]; writer: FrameWriter } {
  const answers: Answer[] = []
  const failures: string[] = []
  const writer = new FrameWriter()
  const secret = new Secret({
    writer,
    user: () => 'ann',
    request: (_channel, _request, answer) => answers.push(answer),
    fail: ({ message }, { classId, methodId }) => failures.push(`${classId}.${methodId} ${message}`)
  })
  return { secret, answers, failures, writer }
}

t.test('one after the other', async (t) => {
  const { secret, answers, writer } = setUp()
  secret.update(update)
  t.throws(() => secret.update(update), { message: /^COMMAND_INVALID - / })
  answers[0]?.done(null)
  t.equal(writer.take().length, 1)
  secret.update(update)
  t.equal(answers.length, 2)
})

t.test('what is wrong is not told, what is impossible is', async (t) => {
  for (const [error, told] of [
    [new AmqpError('ACCESS_REFUSED', 'no such user'), /^10\.70 NOT_ALLOWED - the new secret/],
    [new AmqpError('NOT_ALLOWED', 'no vhost'), /^10\.70 NOT_ALLOWED - no vhost/],
    [new AmqpError('INTERNAL_ERROR', 'busy'), /^10\.70 INTERNAL_ERROR - busy/]
  ] as const) {
    const { secret, answers, failures } = setUp()
    secret.update(update)
    answers[0]?.refused(error)
    t.match(failures[0], told)
  }
})
