// What a consumer is told when it is made: what to consume, and the connection that it is of.
import type { HoldfastError } from '@holdfast/errors'
import type { Platform } from './clock.ts'
import type { ConsumerSession } from './consumer-session.ts'
import type { Link } from './link.ts'

/** What a consumer needs of its connection. */
export interface ConsumerHost {
  readonly platform: Platform
  /** The node that leads a queue, or null. */
  locate(queue: string): Promise<number | null>
  openNode(node: number): Promise<Link>
  attached(queue: string, node: number): void
  detached(queue: string, error: HoldfastError): void
  settlementFailed(queue: string, error: HoldfastError): void
  /** `error` is null if the application ended it. */
  ended(session: ConsumerSession, error: HoldfastError | null): void
  schedule(): void
}

export interface ConsumerSettings {
  readonly queue: string
  readonly tag: string
  readonly prefetch: number
  readonly autoAck: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** How long the first attachment may take. */
  readonly timeoutMs: number
}
