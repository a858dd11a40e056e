// Every bound of the HTTP API, in one place. A request beyond one of them gets a coded error.
/** Bounds of what the HTTP server accepts and of how long it takes. */
export const adminLimits = {
  /** Bytes of a request body; the largest legitimate one has a few hundred. */
  bodyBytesMax: 262_144,
  /**
   * Bytes of the request line and the headers together. A name takes at most 3 × 255 bytes of it.
   */
  headerBytesMax: 16_384,
  /** Sockets at once, WebSocket clients among them; further ones are closed at once. */
  connectionsMax: 12_000,
  /** Time a client has to send its headers, and its whole request. */
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  /** How often connections are looked at for these times. */
  connectionsCheckMs: 2_000,
  /** An idle connection is kept this long for the next request. */
  keepAliveTimeoutMs: 10_000,
  /** Time the node has to answer a call before it is told UNAVAILABLE. */
  answerTimeoutMs: 30_000,
  /** Calls that wait for the node at once, their callers known; one more gets UNAVAILABLE. */
  callsMax: 256,
  /** Requests of one connection that wait, behind each other, until it is known who calls. */
  questionsPerConnectionMax: 8,
  /** Bytes of UTF-8 in the name of a vhost or a queue. */
  nameBytesMax: 255,
  passwordLengthMax: 512,
  /** Names in one list of a body. */
  namesMax: 1_000,
  /** Rows of one page. */
  pageRowsMax: 1_000,
  pageRowsDefault: 100,
  /** Characters of a cursor, which is opaque to everyone but the node that issued it. */
  cursorLengthMax: 8_192,
  /** Characters of the id of an operation. */
  operationIdLengthMax: 64,
  /** Characters of a foreign header value that are repeated in an error. */
  quotedLengthMax: 256
} as const
