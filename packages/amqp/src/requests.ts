// What an AMQP connection asks of the member, as data, and what answers it. Words and shapes are
// those of the native protocol where the meaning is the same. Each request is answered once, by
// `respond` or `refuse`; until then its channel waits, as AMQP promises order on a channel.
import type { HeaderValue } from '@holdfast/record'

/** Arguments of a declaration, binding or consumer, as the native protocol knows values. */
export type Arguments = Readonly<Record<string, HeaderValue>>

/** What a client says to be let in, to be verified by whoever knows the users. */
export type Credentials =
  | {
      readonly mechanism: 'PLAIN' | 'AMQPLAIN'
      readonly user: string
      readonly password: Uint8Array
    }
  /** It is whoever its certificate says that it is. */
  | { readonly mechanism: 'EXTERNAL' }
  | { readonly mechanism: 'ANONYMOUS' }

interface Binding {
  readonly bindingKey: string
  readonly arguments: Arguments
}

interface QueueBinding extends Binding {
  readonly queue: string
  readonly exchange: string
}

interface ExchangeBinding extends Binding {
  readonly destination: string
  readonly source: string
}

/** Messages for one exchange and key, as they go into a publish event or a transaction. */
export interface PublishBatch {
  readonly exchange: string
  readonly routingKey: string
  /** Further routing keys: CC and BCC. */
  readonly copies: readonly string[]
  readonly mandatory: boolean
  readonly count: number
  /** `count` records, one behind the other (see record-form.ts). */
  readonly blob: Uint8Array
}

/**
 * How a delivery ends: accepted is an ack, released a nack with requeue, rejected a reject; unseen
 * goes back as one that no client was given.
 */
export type Outcome = 'accepted' | 'released' | 'rejected' | 'unseen'

export interface Settlement {
  readonly consumer: number
  readonly outcome: Outcome
  /** `[first, last, attempt, …]` */
  readonly ranges: readonly number[]
}

export type AmqpRequest =
  | { readonly type: 'authenticate'; readonly credentials: Credentials }
  /** Limits, access and existence of the vhost are to be checked. */
  | { readonly type: 'open-vhost'; readonly vhost: string }
  /** Whether the user may still be in the vhost, and what it may do there, is to be looked up. */
  | { readonly type: 'update-secret' }
  | {
      readonly type: 'declare-queue'
      /** Empty: the member makes a name. */
      readonly name: string
      readonly options: {
        /** An exclusive queue is never durable, whatever the client says. */
        readonly durable: boolean
        readonly exclusive: boolean
        readonly autoDelete: boolean
        readonly arguments: Arguments
      }
    }
  /** A passive declaration. */
  | { readonly type: 'inspect-queue'; readonly name: string }
  | {
      readonly type: 'delete-queue'
      readonly name: string
      readonly ifUnused: boolean
      readonly ifEmpty: boolean
    }
  | { readonly type: 'purge-queue'; readonly name: string }
  | {
      readonly type: 'declare-exchange'
      readonly name: string
      /** Not checked: the types are the broker's. */
      readonly kind: string
      readonly options: {
        readonly durable: boolean
        readonly autoDelete: boolean
        readonly internal: boolean
        readonly arguments: Arguments
      }
    }
  /** A passive declaration. */
  | { readonly type: 'inspect-exchange'; readonly name: string }
  | { readonly type: 'delete-exchange'; readonly name: string; readonly ifUnused: boolean }
  | ({ readonly type: 'bind-queue' } & QueueBinding)
  | ({ readonly type: 'unbind-queue' } & QueueBinding)
  | ({ readonly type: 'bind-exchange' } & ExchangeBinding)
  | ({ readonly type: 'unbind-exchange' } & ExchangeBinding)
  | {
      readonly type: 'consume'
      readonly queue: string
      /** Unique on its channel, not on the connection. */
      readonly tag: string
      /** 1 to 65,535. */
      readonly prefetch: number
      readonly autoAck: boolean
      readonly exclusive: boolean
      readonly priority: number
      readonly arguments: Arguments
    }
  /** Direct reply-to: a queue of this consumer alone, which settles as it delivers. */
  | { readonly type: 'consume-replies'; readonly tag: string }
  /** No more deliveries; those that are held stay so until they are settled or released. */
  | { readonly type: 'cancel'; readonly consumer: number }
  /** How much a consumer may hold from here on; what it holds beyond that it keeps. */
  | { readonly type: 'set-prefetch'; readonly consumer: number; readonly prefetch: number }
  /** The end of consumers: whatever they hold goes back to its queue. */
  | { readonly type: 'release'; readonly consumers: readonly number[] }
  | { readonly type: 'get'; readonly queue: string; readonly autoAck: boolean }
  /** All of it or nothing. */
  | {
      readonly type: 'commit'
      readonly publishes: readonly PublishBatch[]
      readonly settlements: readonly Settlement[]
    }

/** Messages with consecutive offsets, one attempt and one delivery count, to one consumer. */
export interface DeliveryRun {
  /** The number that answered `consume`, `consume-replies` or `get`. */
  readonly consumer: number
  readonly exchange: string
  readonly routingKey: string
  readonly firstOffset: number
  readonly count: number
  /** 0 on the first delivery; above, the message is redelivered. */
  readonly attempt: number
  /** Deliveries that count towards a limit before this one. */
  readonly deliveryCount: number
  /** `count` records, of either form. */
  readonly blob: Uint8Array
}

/** What is known of a queue; null where its leader cannot be asked. */
export interface QueueCounts {
  readonly name: string
  readonly ready: number | null
  readonly consumers: number | null
}

/** The result of each request. */
export interface AmqpResults {
  /** The name that the client is known by. */
  readonly authenticate: { readonly user: string }
  readonly 'open-vhost': null
  readonly 'update-secret': null
  readonly 'declare-queue': QueueCounts
  readonly 'inspect-queue': QueueCounts
  readonly 'delete-queue': { readonly messages: number }
  readonly 'purge-queue': { readonly messages: number }
  readonly 'declare-exchange': null
  readonly 'inspect-exchange': null
  readonly 'delete-exchange': null
  readonly 'bind-queue': null
  readonly 'unbind-queue': null
  readonly 'bind-exchange': null
  readonly 'unbind-exchange': null
  readonly consume: { readonly consumer: number }
  /** `address`: what replies are sent to, by the default exchange. */
  readonly 'consume-replies': { readonly consumer: number; readonly address: string }
  readonly cancel: null
  readonly 'set-prefetch': null
  readonly release: null
  /** A run of one message, and how many are ready behind it; null: the queue is empty. */
  readonly get: {
    /** Under which the channel asked, to be released with it. */
    readonly consumer: number
    readonly run: DeliveryRun | null
    readonly ready: number
  }
  /** Which of the publishes were mandatory and reached no queue, by their place. */
  readonly commit: { readonly unroutable: readonly number[] }
}

export type RequestName = AmqpRequest['type']

export type RequestOf<Name extends RequestName> = Extract<AmqpRequest, { type: Name }>
