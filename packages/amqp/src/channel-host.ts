// What a channel needs of its connection, which knows all channels, and asks the member.
import type { ChangedLimits } from './changed-limits.ts'
import type { Channel } from './channel.ts'
import type { SettleEvent } from './events.ts'
import type { FrameWriter } from './frame-codec.ts'
import type { MethodId } from './method-codec.ts'
import type { PublishProgress } from './publish-progress.ts'
import type { AmqpError } from './replies.ts'
import type { AmqpRequest, PublishBatch } from './requests.ts'

/** What answers a request. */
export interface Answer {
  done(result: unknown): void
  refused(error: AmqpError): void
}

export interface ChannelHost {
  readonly writer: FrameWriter
  /** As the client was authenticated. */
  readonly user: string
  /** Of what was published on any channel. */
  readonly progress: PublishProgress
  readonly changedLimits: ChangedLimits
  request(channel: number, request: AmqpRequest, answer: Answer): void
  settle(settlement: Omit<SettleEvent, 'type'>): void
  publish(channel: Channel, batch: PublishBatch): void
  /** One record behind the one before. */
  record(properties: Uint8Array, body: Uint8Array): Uint8Array
  /** The connection ends with this. */
  fail(error: AmqpError, method: MethodId): void
  /** The channel has come to its end. */
  remove(channel: Channel): void
}
