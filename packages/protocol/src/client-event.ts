// What happened on a connection to a node, as the SDK sees it: checked, typed, in order.
import type { WireError } from '@holdfast/errors'
import type { NodeAddress } from './results.ts'
import type { DeliveryRun, WelcomeFields } from './server-frame.ts'

export type ClientEvent =
  /** The hello was accepted; everything else may be sent from here on. */
  | ({ readonly type: 'welcome'; readonly version: number } & WelcomeFields)
  | {
      readonly type: 'response'
      readonly requestId: number
      readonly error: WireError | null
      readonly result: unknown
    }
  /** `[first, last, …]` of confirmed sequences, and credit in bytes that came back or was lent. */
  | { readonly type: 'confirm'; readonly ranges: readonly number[]; readonly credit: number }
  | {
      readonly type: 'publish-failed'
      readonly first: number
      readonly last: number
      readonly error: WireError
    }
  | { readonly type: 'deliver'; readonly run: DeliveryRun }
  /** `[first, last, …]` of settle sequences that are committed. */
  | { readonly type: 'settled'; readonly ranges: readonly number[] }
  | { readonly type: 'settle-failed'; readonly settleSequence: number; readonly error: WireError }
  | { readonly type: 'consumer-cancelled'; readonly consumer: number; readonly error: WireError }
  | { readonly type: 'nodes'; readonly nodes: readonly NodeAddress[] }
  /** The end, for a reason or (null) because the node closes. The socket is to be closed. */
  | { readonly type: 'closed'; readonly error: WireError | null }
  | { readonly type: 'heartbeat' }
