// From the protocol header to connection.open-ok (AMQP 0-9-1 §2.2.4): start, tune, open. Whether
// the client may come in, and use the vhost, is asked of the member; until it has answered, what
// else the client sends stays unread.
import type { WireError } from '@holdfast/errors'
import { utf8Encode } from '@holdfast/record'
import type { Answer } from './channel-host.ts'
import type { FrameWriter } from './frame-codec.ts'
import { amqpLimits } from './limits.ts'
import { type Method, type MethodId, type MethodOf, methodIdOf } from './method-codec.ts'
import { explainGreeting, type Greeting } from './protocol-header.ts'
import { AmqpError } from './replies.ts'
import type { AmqpRequest, AmqpResults } from './requests.ts'
import { type Mechanism, readCredentials } from './sasl.ts'
import {
  type ClientCapabilities,
  clientCapabilities,
  noCapabilities,
  type ServerIdentity,
  serverProperties
} from './server-properties.ts'

export interface HandshakeOptions extends ServerIdentity {
  /** In the order of preference. */
  readonly mechanisms: readonly Mechanism[]
  /** What is offered; a client may ask for less. */
  readonly channelsMax: number
  readonly frameBytesMax: number
  readonly heartbeatSeconds: number
}

export interface AmqpConnectionOptions extends HandshakeOptions {
  /** Why the client may open no more channels, whatever was agreed on; null: it may. */
  readonly channelRefusal: () => WireError | null
  /** Monotonic. */
  readonly nowMs: number
}

/** What client and server agreed on. */
export interface Tuning {
  readonly channelsMax: number
  readonly frameBytesMax: number
  /** 0: there are no heartbeats. */
  readonly heartbeatSeconds: number
}

export interface HandshakeHost {
  readonly writer: FrameWriter
  request(channel: number, request: AmqpRequest, answer: Answer): void
  greeted(): void
  tuned(tuning: Tuning): void
  opened(): void
  fail(error: AmqpError, method: MethodId): void
  /** The connection ends without a close. */
  drop(error: AmqpError): void
  /** The login was refused, and the client is not told why by a close. */
  hangUp(error: AmqpError): void
}

type State =
  | 'awaiting-start-ok'
  | 'authenticating'
  | 'awaiting-tune-ok'
  | 'awaiting-open'
  | 'opening'
  | 'open'

export class Handshake {
  readonly #options: HandshakeOptions
  readonly #host: HandshakeHost
  #state: State = 'awaiting-start-ok'
  capabilities: ClientCapabilities = noCapabilities
  /** As the member knows the client. */
  user = ''

  constructor(options: HandshakeOptions, host: HandshakeHost) {
    this.#options = options
    this.#host = host
  }

  /** The member is to answer before anything else is read. */
  get isWaiting(): boolean {
    return this.#state === 'authenticating' || this.#state === 'opening'
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** The client spoke first. True: by the protocol header that it should, and frames follow. */
  greet(greeting: Greeting): boolean {
    if (greeting === 'amqp') {
      this.#host.greeted()
      this.#start()
      return true
    }
    // AMQP 0-9-1 §4.2.2: who asks for another version is told this one.
    if (greeting !== 'http' && greeting !== 'tls') this.#host.writer.protocolHeader()
    this.#host.drop(new AmqpError('NOT_IMPLEMENTED', explainGreeting(greeting)))
    return false
  }

  #start(): void {
    this.#host.writer.method(0, {
      type: 'connection.start',
      versionMajor: 0,
      versionMinor: 9,
      serverProperties: serverProperties(this.#options),
      mechanisms: utf8Encode(this.#options.mechanisms.join(' ')),
      locales: utf8Encode('en_US')
    })
  }

  /** @throws 503 for a method that is not due, 502, 530 for one that asks for what cannot be */
  take(method: Method): void {
    if (this.#state === 'awaiting-start-ok' && method.type === 'connection.start-ok') {
      return this.#authenticate(method)
    }
    if (this.#state === 'awaiting-tune-ok' && method.type === 'connection.tune-ok') {
      return this.#tune(method)
    }
    if (this.#state === 'awaiting-open' && method.type === 'connection.open') {
      return this.#open(method)
    }
    const due = this.#state.replace('awaiting-', 'connection.')
    throw new AmqpError('COMMAND_INVALID', `${method.type} came where ${due} was due`)
  }

  #authenticate(method: MethodOf<'connection.start-ok'>): void {
    this.capabilities = clientCapabilities(method.clientProperties)
    const { mechanisms } = this.#options
    const credentials = readCredentials(method.mechanism, method.response, mechanisms)
    this.#state = 'authenticating'
    this.#host.request(
      0,
      { type: 'authenticate', credentials },
      {
        done: (result) => this.#welcome((result as AmqpResults['authenticate']).user),
        refused: (error) => this.#refuse(credentials.mechanism, error)
      }
    )
  }

  #welcome(user: string): void {
    this.user = user
    this.#state = 'awaiting-tune-ok'
    const { channelsMax: channelMax, frameBytesMax: frameMax, heartbeatSeconds } = this.#options
    const heartbeat = heartbeatSeconds
    this.#host.writer.method(0, { type: 'connection.tune', channelMax, frameMax, heartbeat })
  }

  /** Why is not told: who guesses should not learn whether there is such a user. */
  #refuse(mechanism: Mechanism, reason: AmqpError): void {
    const method = methodIdOf('connection.start-ok')
    // Nobody has looked at what it says of itself: it may say it again.
    if (reason.reply !== 'ACCESS_REFUSED') return this.#host.fail(reason, method)
    const clue =
      mechanism === 'EXTERNAL'
        ? 'check that a user has the name in the certificate'
        : 'check user name and password'
    const explanation = `Login was refused using authentication mechanism ${mechanism}; ${clue}`
    const error = new AmqpError('ACCESS_REFUSED', explanation)
    if (!this.capabilities.authenticationFailureClose) return this.#host.hangUp(error)
    this.#host.fail(error, method)
  }

  #tune({ channelMax, frameMax, heartbeat }: MethodOf<'connection.tune-ok'>): void {
    const { channelsMax, frameBytesMax } = this.#options
    checkWithin('channel-max', channelMax, { min: 1, max: channelsMax })
    checkWithin('frame-max', frameMax, { min: amqpLimits.frameBytesMin, max: frameBytesMax })
    this.#state = 'awaiting-open'
    this.#host.tuned({
      channelsMax: channelMax,
      frameBytesMax: frameMax,
      heartbeatSeconds: heartbeat
    })
  }

  #open({ vhost }: MethodOf<'connection.open'>): void {
    this.#state = 'opening'
    this.#host.request(
      0,
      { type: 'open-vhost', vhost },
      {
        done: () => {
          this.#state = 'open'
          this.#host.writer.method(0, { type: 'connection.open-ok', knownHosts: '' })
          this.#host.opened()
        },
        refused: (error) => this.#host.fail(error, methodIdOf('connection.open'))
      }
    )
  }
}

/** A client may ask for less than is offered; 0 would mean no limit. @throws 530 */
function checkWithin(
  what: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number }
): void {
  if (value >= min && value <= max) return
  const asked = value === 0 ? '0 (no limit)' : `${value}`
  const explanation = `${what} ${asked} is not from ${min} to ${max}, which this node takes`
  throw new AmqpError('NOT_ALLOWED', explanation)
}
