// The rows of the topology: what vhosts, exchanges, queues and bindings are in memory, and the
// seams between them. Rows point at each other, so that routing follows references instead of
// looking up names. `stamp` fields are scratch of one walk, not replicated state; everything else
// is.
import type { HeaderValue } from '@holdfast/record'
import type { BindingArguments, ExchangeKind, GroupId } from './metadata-command.ts'
import type { QueueOptions } from './queue-options.ts'
import type { QueueOwner } from './queue-owner.ts'

/** A page of the snapshot: rows that were created one after another and are written as one blob. */
export interface Page {
  readonly rows: Set<Row>
  /** Upper estimate of the encoded rows. */
  bytes: number
  /** The blob that holds exactly these rows, or null when the page has changed since. */
  blob: number | null
}

interface RowFields {
  /** Null for rows that another row implies: predeclared exchanges. */
  page: Page | null
  /** Upper estimate of the encoded row. */
  readonly bytes: number
}

export interface Vhost extends RowFields {
  readonly type: 'vhost'
  readonly name: string
  /** In order of creation, the predeclared ones first. */
  readonly exchanges: Map<string, Exchange>
  readonly queues: Map<string, Queue>
}

/** Where a message can go: what the router hands out. */
export interface QueueTarget {
  readonly id: number
  readonly group: GroupId
  readonly vhost: string
  readonly name: string
  /** Of an exclusive queue; else null. */
  readonly owner: QueueOwner | null
  /** Whether it refuses what is published to it when its length limit is reached. */
  readonly refusesWhenFull: boolean
}

export interface Queue extends RowFields, QueueTarget {
  readonly type: 'queue'
  readonly options: QueueOptions
  /** Bindings that lead here, ascending by id. */
  readonly incoming: Binding[]
  stamp: number
}

export interface ExchangeOptions {
  /** What was asked for: every exchange is durable. */
  readonly durable: boolean
  /** Deleted when the last binding that leads from it goes. */
  readonly autoDelete: boolean
  /** Takes messages from other exchanges only. */
  readonly internal: boolean
  /** Takes what no binding of this exchange takes. It need not exist. */
  readonly alternateExchange: string | null
}

export interface Exchange extends RowFields {
  readonly type: 'exchange'
  readonly vhost: string
  readonly name: string
  readonly kind: ExchangeKind
  readonly options: ExchangeOptions
  /** Bindings that lead from here by `bindingIdentity`, in order of creation. */
  readonly outgoing: Map<string, Binding>
  /** Bindings that lead here from other exchanges, ascending by id. */
  readonly incoming: Binding[]
  readonly index: BindingIndex
  stamp: number
}

export interface Binding extends RowFields {
  readonly type: 'binding'
  /** Cursor of the command that created it; grows. */
  readonly id: number
  readonly source: Exchange
  readonly destination: Queue | Exchange
  readonly bindingKey: string
  readonly arguments: BindingArguments
  /** Key in the `outgoing` of its source. */
  readonly identity: string
}

export type Row = Vhost | Exchange | Queue | Binding

/** Headers of a message, or null without any. */
export type Headers = Readonly<Record<string, HeaderValue>> | null

/** One message on its way: gives its headers once asked, takes the bindings that match. */
export interface BindingSink {
  headers(): Headers
  take(binding: Binding): void
}

/** The bindings of one exchange, arranged so that those that match a message are found fast. */
export interface BindingIndex {
  add(binding: Binding): void
  remove(binding: Binding): void
  /**
   * Hands every binding that matches to `sink`; an order fixed by ids; a binding may come twice.
   */
  match(routingKey: string, sink: BindingSink): void
}
