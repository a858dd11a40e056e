// A client renews what it was let in with (RabbitMQ: connection.update-secret). That is for tokens,
// which expire; passwords do not, so the secret itself counts for nothing, as in RabbitMQ. Once at
// a time, so that a client cannot heap up look-ups.
import type { Answer } from './channel-host.ts'
import type { FrameWriter } from './frame-codec.ts'
import { type MethodId, methodIdOf } from './method-codec.ts'
import { AmqpError } from './replies.ts'
import type { AmqpRequest } from './requests.ts'

/** What it needs of its connection. */
export interface SecretHost {
  readonly writer: FrameWriter
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
  update(): void {
    if (this.#isWaiting) {
      const explanation = 'a new secret came before the answer to the one before it'
      throw new AmqpError('COMMAND_INVALID', explanation)
    }
    this.#isWaiting = true
    this.#host.request(
      0,
      { type: 'update-secret' },
      {
        done: () => {
          this.#isWaiting = false
          this.#host.writer.method(0, { type: 'connection.update-secret-ok' })
        },
        refused: (error) => this.#host.fail(error, methodIdOf('connection.update-secret'))
      }
    )
  }
}
