// What every client library does on one connection with one channel, as the load generators need
// it. What follows a loss is the same for all of them (reconnecting.ts).
import type { SdkConnection, SdkDelivery } from '@holdfast/testkit'

export interface AmqpMessage {
  readonly exchange: string
  readonly routingKey: string
  readonly body: Buffer
  readonly messageId: string | undefined
}

/** A connection and its channel, in confirm mode. Every method rejects once either has ended. */
export interface AmqpSession
  extends Pick<SdkConnection, 'declareQueue' | 'deleteQueue' | 'declareExchange' | 'bindQueue'> {
  /** False if the broker answers with a nack. */
  publish(message: AmqpMessage): Promise<boolean>
  /** The consumer's tag. */
  consume(queue: string, prefetch: number, take: (delivery: SdkDelivery) => void): Promise<string>
  cancel(tag: string): Promise<unknown>
  close(): Promise<unknown>
  /** Ends what is left of it, without waiting for anything. */
  abandon(): void
}

/**
 * Opens a session. `lose` is told when the broker, or the network, ends its connection, its channel
 * or one of its consumers.
 */
export type OpenSession = (url: string, lose: (reason: string) => void) => Promise<AmqpSession>

/** `x-delivery-count`; absent at first deliveries. */
export function deliveryCountIn(headers: Readonly<Record<string, unknown>> | undefined): number {
  return Number(headers?.['x-delivery-count'] ?? 0)
}
