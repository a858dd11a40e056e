// Every bound of the SDK in one place. What an application can set has its default in `options.ts`.

export const clientLimits = {
  /** Messages and bytes at which a batch of publishes is full. */
  batchMessagesMax: 512,
  batchBytesMax: 131_072,
  /** Publishes that wait behind the window before further ones are refused with LIMIT_REACHED. */
  waitingMessagesMax: 2_000_000,
  waitingBytesMax: 1_073_741_824,
  /** Most credit asked for at once, a single larger record apart. */
  wantCreditBytesMax: 1_048_576,
  /**
   * How far sequences run ahead of the oldest without an outcome; half of what a shard can
   * remember.
   */
  sequenceSpanMax: 32_768,
  /**
   * A batch first sent longer ago than this no longer vouches that an unknown producer row is new.
   */
  producerFreshMs: 300_000,
  /** Publishes may join a batch that waits for this long, so that they share its deadline. */
  batchOpenMs: 100,
  /** Requests on their way on one link; well below what a node allows. */
  requestsInFlightMax: 512,
  /** Requests that wait for their turn. */
  requestsWaitingMax: 65_536,
  /** Declarations that are remembered for a reconnect. */
  declarationsMax: 65_536,
  /** How long one attempt to reach a node may take, handshake included. */
  attemptTimeoutMs: 2_000,
  /** While none is reached, the next address is tried beside one that says nothing for so long. */
  dialPatienceMs: 400,
  backoffMsMin: 50,
  backoffMsMax: 1_000,
  /** A link that serves nothing is closed after this. */
  linkIdleMsMax: 10_000,
  /** Period of the one timer of a connection. */
  tickMs: 100,
  /** Ranges in one settle frame. */
  settleRangesMax: 8_192,
  addressesMax: 1_024
} as const
