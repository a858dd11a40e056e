// The public names of @holdfast/amqp: the connection machine, its events, requests and results,
// what converts properties and arguments between the protocols, and the codec, for the other end.
export type { CancelReason, Gathered } from './channels.ts'
export { AmqpConnection } from './connection.ts'
export { type Content, ContentGatherer } from './content.ts'
export { type DeadLetterMessage, type Death, deadLetterAt } from './dead-letter.ts'
export type {
  AmqpEvent,
  ClosedEvent,
  PublishEvent,
  RequestEvent,
  SettleEvent
} from './events.ts'
export { tableOf } from './field-value.ts'
export { FrameReader, FrameWriter, frameType } from './frame-codec.ts'
export type { AmqpConnectionOptions } from './handshake.ts'
export { amqpLimits } from './limits.ts'
export { decodeMethod, type Method, type MethodName, type MethodOf } from './method-codec.ts'
export { type ArgumentType, methodTable } from './method-table.ts'
export { nativeProperties, rawProperties } from './native-properties.ts'
export { type AmqpProperties, checkRawProperties, encodeProperties } from './properties.ts'
export { publishMemory } from './publish-memory.ts'
export { nativeAt, nativeRecords } from './record-form.ts'
export { AmqpError, type ReplyName, type ReplyRow, replies } from './replies.ts'
export type {
  AmqpRequest,
  AmqpResults,
  Arguments,
  Credentials,
  DeliveryRun,
  Outcome,
  PublishBatch,
  QueueCounts,
  RequestName,
  RequestOf,
  Settlement
} from './requests.ts'
export type { Mechanism } from './sasl.ts'
