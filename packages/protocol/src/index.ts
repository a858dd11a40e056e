// The public names of @holdfast/protocol: the two connection machines, their events, the requests
// and results, and the pieces that the SDK and the cluster share.

export { ClientConnection, type ClientConnectionOptions } from './client-connection.ts'
export type { ClientEvent } from './client-event.ts'
export {
  type ClientFrame,
  ClientFrameWriter,
  decodeClientFrame,
  type Hello
} from './client-frame.ts'
export { decodeServerFrame } from './decode-server-frame.ts'
export { FrameReader } from './frame.ts'
export { FrameCursor } from './frame-cursor.ts'
export { FrameWriter } from './frame-writer.ts'
export { Heartbeat } from './heartbeat.ts'
export { protocolLimits } from './limits.ts'
export {
  clientOperation,
  type Outcome,
  outcomeNumber,
  outcomes,
  publishFlag,
  serverOperation
} from './operations.ts'
export { PublishCredit } from './publish-credit.ts'
export type { Overflow, QueueOptions } from './queue-options.ts'
export { DeliveryRangeList, mergeDeliveryRanges, mergeRanges, RangeList } from './range-list.ts'
export {
  type ClientRequest,
  type ExchangeKind,
  type ExchangeOptions,
  parseRequest,
  type RequestName
} from './requests.ts'
export {
  checkResult,
  type ExchangeDescription,
  type NodeAddress,
  parseNodes,
  parseWireError,
  type QueueDescription,
  type QueueLocation,
  type RequestResults
} from './results.ts'
export { ServerConnection } from './server-connection.ts'
export type {
  ClosedEvent,
  ConnectionEvent,
  HelloEvent,
  PublishEvent,
  RequestEvent,
  SettleEvent,
  WantCreditEvent
} from './server-event.ts'
export { type DeliveryRun, ServerFrameWriter, type WelcomeFields } from './server-frame.ts'
export type { ConnectionLimits, ServerConnectionOptions, Welcome } from './server-options.ts'
export {
  checkBindingArguments,
  checkCredentials,
  checkInteger,
  checkKeys,
  checkName,
  isNatural
} from './validate.ts'

export { protocolVersion, protocolVersionsSupported } from './version.ts'
