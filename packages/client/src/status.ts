// What a connection tells beside the outcome of each call: for logs and for a light on a page.
// Nothing here needs an answer of the application.
import type { HoldfastError } from '@holdfast/errors'

export type ConnectionStatus =
  /** Publishes and requests go to this node. */
  | { readonly type: 'connected'; readonly node: number; readonly address: string }
  /** They wait until the next `connected`. */
  | { readonly type: 'disconnected'; readonly error: HoldfastError }
  /** A consumer gets deliveries from this node. */
  | { readonly type: 'consumer-attached'; readonly queue: string; readonly node: number }
  /** It waits until its queue has a leader that can be reached. */
  | { readonly type: 'consumer-detached'; readonly queue: string; readonly error: HoldfastError }
  /**
   * Some settlements may have come too late: the messages of those that are not committed come
   * again, flagged as redelivered.
   */
  | { readonly type: 'settlement-failed'; readonly queue: string; readonly error: HoldfastError }
  /** Something this connection had declared could not be declared again after a reconnect. */
  | { readonly type: 'declaration-failed'; readonly error: HoldfastError }
  /** `close` has ended, or the connection can never work again. */
  | { readonly type: 'closed' }
