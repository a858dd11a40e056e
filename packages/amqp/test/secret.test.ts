// A secret is renewed once at a time, and what it was refused for ends the connection.
import t from 'tap'
import type { Answer } from '../src/channel-host.ts'
import { FrameWriter } from '../src/frame-codec.ts'
import { AmqpError } from '../src/replies.ts'
import { Secret } from '../src/secret.ts'

function setUp(): { secret: Secret; answers: Answer[]; failures: string[]; writer: FrameWriter } {
  const answers: Answer[] = []
  const failures: string[] = []
  const writer = new FrameWriter()
  const secret = new Secret({
    writer,
    request: (_channel, _request, answer) => answers.push(answer),
    fail: ({ message }, { classId, methodId }) => failures.push(`${classId}.${methodId} ${message}`)
  })
  return { secret, answers, failures, writer }
}

t.test('one after the other', async (t) => {
  const { secret, answers, writer } = setUp()
  secret.update()
  t.throws(() => secret.update(), { message: /^COMMAND_INVALID - / })
  answers[0]?.done(null)
  t.equal(writer.take().length, 1)
  secret.update()
  t.equal(answers.length, 2)
})

t.test('a refusal', async (t) => {
  const { secret, answers, failures } = setUp()
  secret.update()
  answers[0]?.refused(new AmqpError('NOT_ALLOWED', 'no vhost'))
  t.same(failures, ['10.70 NOT_ALLOWED - no vhost'])
})
