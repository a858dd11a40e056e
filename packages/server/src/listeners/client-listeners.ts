// The TCP listeners of a node for clients: one for each protocol that they speak.
import { HoldfastError } from '@holdfast/errors'
import { parseAddress } from '@holdfast/transport'
import type { ClientSockets } from '../client-sockets.ts'
import type { Configuration } from '../config-schema.ts'
import type { NodeTls, TlsAnswer } from '../tls/node-tls.ts'
import { bind } from './bind.ts'
import { TcpListener } from './tcp.ts'

export class ClientListeners {
  readonly #configuration: Configuration
  readonly #native: TcpListener
  readonly #amqp: TcpListener
  /** The one that was bound, once it is. */
  amqpAddress: string

  /** `refusal` makes bytes of the native protocol of an error. */
  constructor(
    configuration: Configuration,
    sockets: ClientSockets,
    refusal: TlsAnswer,
    tls: NodeTls
  ) {
    this.#configuration = configuration
    this.amqpAddress = configuration.amqp
    const limit = configuration.connectionsMax
    this.#native = new TcpListener({
      sockets,
      protocol: 'native',
      refusal: () => refusal(new HoldfastError('TOO_MANY_CONNECTIONS', { limit })),
      security: tls.listener('client', refusal)
    })
    // By AMQP nothing can be said before the client has spoken.
    const nothing = (): Uint8Array => new Uint8Array(0)
    const security = tls.listener('amqp', nothing)
    this.#amqp = new TcpListener({ sockets, protocol: 'amqp', refusal: nothing, security })
  }

  /** Resolves with the address at which the native protocol is spoken. */
  async listen(): Promise<string> {
    const { client, amqp } = this.#configuration
    const bound = await bind('client', client, () => this.#native.listen(parseAddress(client)))
    this.amqpAddress = await bind('amqp', amqp, () => this.#amqp.listen(parseAddress(amqp)))
    return bound
  }

  close(): void {
    this.#native.close()
    this.#amqp.close()
  }
}
