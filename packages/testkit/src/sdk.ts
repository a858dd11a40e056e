// The part of the SDK that load generators and chaos workloads use, as a shape: `@holdfast/client`
// fits it, and so may any other module, a fake broker or a client of a peer for comparison. It is
// loaded by name at run time, so the test kit stays below the SDK, whose tests use the test kit.

export interface SdkPublishOptions {
  readonly messageId?: string
  readonly mandatory?: boolean
}

export interface SdkDelivery {
  readonly body: Uint8Array
  readonly exchange: string
  readonly routingKey: string
  readonly properties: { readonly messageId?: string | undefined } | null
  readonly redelivered: boolean
  /** 0 at the first delivery. */
  readonly deliveryCount: number
  /** The number the queue gave the message, where the SDK tells it. */
  readonly offset?: number
  ack(): void
  nack(options: { readonly requeue: boolean }): void
  reject(): void
}

export interface SdkConsumer extends AsyncIterable<SdkDelivery> {
  /** Waits until everything settled so far is committed; absent where nobody would say so. */
  settled?(): Promise<void>
  cancel(): Promise<void>
}

export interface SdkConnection {
  declareQueue(name: string): Promise<unknown>
  deleteQueue(name: string): Promise<unknown>
  declareExchange(name: string, kind: 'direct' | 'fanout' | 'topic' | 'headers'): Promise<unknown>
  bindQueue(queue: string, exchange: string, bindingKey: string): Promise<unknown>
  /**
   * Settles when confirmed; rejects with an error that has a `code`: `connectionLost` if the client
   * repeats nothing and its connection ended first.
   */
  publish(
    exchange: string,
    routingKey: string,
    body: Uint8Array,
    options?: SdkPublishOptions
  ): Promise<unknown>
  consume(
    queue: string,
    options?: { readonly prefetch?: number; readonly autoAck?: boolean }
  ): Promise<SdkConsumer>
  close(): Promise<void>
}

/**
 * What a connection tells in the background. `settlement-failed` is one that came too late. A
 * client that talks to one node tells `connecting`, before it does, with the address, and `lost`
 * once that connection, its channel or a consumer has ended.
 */
export interface SdkStatus {
  readonly type: string
  readonly queue?: string
  readonly node?: number
  readonly address?: string
  readonly reason?: string
}

/** The code of a publish whose connection ended before its outcome was known. */
export const connectionLost = 'CONNECTION_LOST'

/** PEM texts. */
export interface SdkTls {
  readonly ca: string
  readonly cert?: string
  readonly key?: string
}

export interface SdkConnectOptions {
  readonly tls?: SdkTls
  readonly publishTimeoutMs?: number
  readonly vhost?: string
  readonly onStatus?: (status: SdkStatus) => void
}

export type SdkConnect = (
  addresses: readonly string[],
  options?: SdkConnectOptions
) => Promise<SdkConnection>

/** The SDK of the product. */
export const defaultSdk = '@holdfast/client'

/**
 * Loads `connect` from a module: a package name, or the URL of a file.
 *
 * @throws Error that names the module if it cannot be loaded or exports no `connect`.
 */
export async function loadSdk(specifier: string = defaultSdk): Promise<SdkConnect> {
  const loaded = (await import(specifier)) as { readonly connect?: unknown }
  if (typeof loaded.connect !== 'function') throw new Error(`${specifier} exports no connect`)
  return loaded.connect as SdkConnect
}

/** The `code` of an error, or its text where it has none. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code)
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
