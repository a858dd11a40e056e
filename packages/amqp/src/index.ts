// The public names of @holdfast/amqp: the connection machine, its events, requests and results, and
// what converts properties and arguments between the protocols.
export type { CancelReason } from './channels.ts'
export { AmqpConnection } from './connection.ts'
export type {
  AmqpEvent,
  ClosedEvent,
  PublishEvent,
  RequestEvent,
  SettleEvent
} from './events.ts'
export type { AmqpConnectionOptions } from './handshake.ts'
export { amqpLimits } from './limits.ts'
export { nativeProperties, rawProperties } from './native-properties.ts'
export { checkRawProperties } from './properties.ts'
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
