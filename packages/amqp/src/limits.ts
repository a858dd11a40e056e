// Every bound of AMQP 0-9-1 in one place. The bounds of a message itself are those of
// `@holdfast/record`. Nothing that a client sends grows past what is named here.

export const amqpLimits = {
  /** Largest payload of a frame before the connection is open: a stranger costs no more memory. */
  strangerFrameBytesMax: 8_192,
  /** Frame-max that is offered, and the smallest that is taken: some clients offer no more. */
  frameBytesMax: 131_072,
  frameBytesMin: 4_096,
  /** Header and end of a frame. Clients that forget to count them are accepted all the same. */
  frameOverheadBytes: 8,
  /** First buffer of a frame or a body that straddles chunks; it grows only with what arrives. */
  gatherBytesFirst: 16_384,
  /** Highest channel number that is offered. */
  channelsMax: 2_047,
  /** Heartbeat that is offered, in seconds. */
  heartbeatSeconds: 60,
  /** How long a connection may take from its first byte to connection.open. */
  handshakeTimeoutMs: 10_000,
  /** How long a client may take to answer a close, as with RabbitMQ: some never do. */
  closeTimeoutMs: 30_000,
  /** How long a stranger may take to answer it, and a client to end what it has closed. */
  lingerTimeoutMs: 5_000,
  /** How long the close of a client may wait for what came before it. */
  leaveTimeoutMs: 30_000,
  /** Pause before a refused login is answered by closing the socket, where nothing is said. */
  refusedLoginPauseMs: 3_000,
  /** Property list of a content header: a record counts the head of the byte string as well. */
  propertiesBytesMax: 65_533,
  /** Tables and arrays inside one another, the outermost included. */
  tableDepthMax: 16,
  /** Encoded field table. */
  tableBytesMax: 65_536,
  /** Keys in CC and BCC together. */
  copiesMax: 256,
  /** Deliveries that one consumer may hold; prefetch 0 means as many. */
  prefetchMax: 65_535,
  /** Consumers of one channel. */
  consumersMax: 4_096,
  /** Methods of a connection that wait for one that is not answered yet, and their memory. */
  waitingMethodsMax: 16_384,
  waitingBytesMax: 33_554_432,
  /** What a socket may bring before reading stops: a turn, 32 reads of 64 KiB (libuv), and more. */
  turnBytesMax: 3_145_728,
  /** Bytes that wait unread until authentication or connection.open is answered. */
  handshakeBytesMax: 262_144,
  /** Keys to publish by and settlements that one transaction gathers, and their memory. */
  transactionItemsMax: 16_384,
  transactionBytesMax: 17_301_504,
  /** Publishes with no outcome yet, above which no more is read: their memory, and their number. */
  unconfirmedBytesMax: 4_194_304,
  unconfirmedMax: 65_536,
  /** Bodies of at most this size are copied beside their header rather than sent as a slice. */
  bodyCopyBytesMax: 512,
  /** Messages that one publish event carries, and their bytes. */
  batchRecordsMax: 1_024,
  batchBytesMax: 131_072
} as const
