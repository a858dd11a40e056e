// What the commands use of @holdfast/client; tests pass a connection of their own.
import type { AdminTls } from '@holdfast/server/terminal'

export interface PublishOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly messageId?: string
  readonly mandatory?: boolean
}

export interface SdkDelivery {
  readonly body: Uint8Array
  readonly exchange: string
  readonly routingKey: string
  readonly properties: object | null
  readonly redelivered: boolean
  readonly deliveryCount: number
  ack(): void
}

export interface SdkConsumer extends AsyncIterable<SdkDelivery> {
  settled(): Promise<void>
  cancel(): Promise<void>
}

export interface SdkConnection {
  declareQueue(name: string): Promise<unknown>
  publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array,
    options?: PublishOptions
  ): Promise<unknown>
  consume(queue: string, options?: { readonly prefetch?: number }): Promise<SdkConsumer>
  close(): Promise<void>
}

/**
 * How long a command looks for a node that lets it in: long enough for two that hang, short enough
 * for a person who gave a wrong address.
 */
export const connectTimeoutMs = 5_000

/** What a connection tells in the background. */
export interface SdkStatus {
  readonly type: string
  readonly error?: Error
  readonly node?: number
}

export interface SdkConnectOptions {
  readonly name: string
  readonly vhost: string
  readonly connectTimeoutMs: number
  readonly tls: false | AdminTls
  readonly onStatus: (status: SdkStatus) => void
}

export type Connect = (
  addresses: readonly string[],
  options: SdkConnectOptions
) => Promise<SdkConnection>
