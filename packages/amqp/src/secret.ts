// What a client was let in with, renewed (RabbitMQ: connection.update-secret): one after the other,
// since each may take long to be verified.
import type { Answer } from './channel.ts'
import type { FrameWriter } from './frame-codec.ts'
import { type MethodId, type MethodOf, methodIdOf } from './method-codec.ts'
import { AmqpError } from './replies.ts'
import type { AmqpRequest } from './requests.ts'

/** What it needs of its connection. */
export interface SecretHost {
  readonly writer: FrameWriter
  user(): string
  request(channel: number, request: AmqpRequest, answer: Answer): void
  fail(error: AmqpError, method: MethodId): void
}

export class Secret {
  readonly #host: SecretHost
  #isWaiting = false

  constructor(host: SecretHost) {
    this.#host = host
  }

  /** @throws 503 if the one before is not answered yet */
  update({ newSecret, reason }: MethodOf<'connection.update-secret'>): void {
    if (this.#isWaiting) {
      const explanation = 'a new secret came before the answer to the one before it'
      throw new AmqpError('COMMAND_INVALID', explanation)
    }
    this.#isWaiting = true
    const secret = new Uint8Array(newSecret)
    this.#host.request(
      0,
      { type: 'update-secret', secret, reason },
      {
        done: () => {
          this.#isWaiting = false
          this.#host.writer.method(0, { type: 'connection.update-secret-ok' })
        },
        refused: (error) => this.#refused(error)
      }
    )
  }

  /** As for a login, why it is not the right one is not told. */
  #refused(error: AmqpError): void {
    const explanation = `the new secret of user '${this.#host.user()}' was refused`
    const isWrong = error.reply === 'ACCESS_REFUSED'
    const told = isWrong ? new AmqpError('NOT_ALLOWED', explanation) : error
    this.#host.fail(told, methodIdOf('connection.update-secret'))
  }
}
