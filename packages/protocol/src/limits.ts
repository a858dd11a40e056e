// Every bound of the native protocol in one place. The bounds of a message itself are those of
// `@holdfast/record`. A frame or a table never grows past what is named here.
import { recordLimits } from '@holdfast/record'

export const protocolLimits = {
  /** Largest frame before the hello is accepted: a stranger costs no more memory than this. */
  helloBytesMax: 4_096,
  /** Largest frame: one message of 16 MiB, its properties and the header of its frame. */
  frameBytesMax: 16_908_288,
  /**
   * Largest message of a WebSocket, which is kept until it is whole: a piece of the stream, and of
   * clients of AMQP that send all of a publish as one, its method, header and a frame of its body.
   */
  webSocketMessageBytesMax: 393_216,
  /** What goes around the blob of a publish, or the arguments of a request, at most. */
  frameHeaderBytesMax: 65_536,
  /** First buffer of a frame that straddles chunks; it grows only with what really arrives. */
  frameBufferBytesFirst: 16_384,
  /** How long a connection may take to say hello. */
  handshakeTimeoutMs: 5_000,
  /** Range of the heartbeat interval that a client may ask for. */
  heartbeatMsMin: 250,
  heartbeatMsMax: 60_000,
  /** Heartbeat interval of a client that asks for none. */
  heartbeatMsDefault: 1_500,
  /** Publish credit with which a connection starts. */
  publishCreditBytes: 262_144,
  /** Requests of one connection that may be unanswered at a time. */
  requestsMax: 1_024,
  /** Largest arguments of one request; a resume with every delivery apart fits. */
  requestBytesMax: 2_097_152,
  /** Bytes of UTF-8 in the name of a queue, exchange, vhost or consumer, or in a routing key. */
  nameBytesMax: 255,
  /** Characters of a password. */
  passwordLengthMax: 512,
  /** Arguments of one binding, packed. */
  argumentsBytesMax: 16_384,
  /** Deliveries that one consumer may hold. */
  prefetchMax: 65_535,
  /** Milliseconds that a queue may be told to wait for somebody to use it. */
  expiresMsMax: recordLimits.expirationMsMax as number,
  /** Milliseconds that a message may live. */
  messageTtlMsMax: recordLimits.expirationMsMax as number,
  /** Highest priority that a queue can tell apart. */
  maxPriorityMax: 255,
  /** Ranges in one settle, settled or confirm frame. */
  rangesMax: 65_536,
  /** Batches of one connection with something unconfirmed in them. */
  batchesMax: 131_072,
  /** Nodes that a welcome or a list of nodes may name. */
  nodesMax: 1_024,
  /** Deliveries of at most this size are copied beside their header rather than sent as a slice. */
  blobCopyBytesMax: 512
} as const
