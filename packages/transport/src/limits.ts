// Bounds and times of the links between members. Whatever a peer can make this process hold or wait
// for is named here. Tests shorten the times; the sizes are fixed.

/** Sizes in bytes, counts of things. */
export const transportLimits: Readonly<
  Record<
    | 'frameBytesMax'
    | 'trustedFrameBytes'
    | 'unsentBytesMax'
    | 'handshakeBytesMax'
    | 'handshakesMax'
    | 'acceptedMax'
    | 'probesMax'
    | 'knownNodesMax'
    | 'coalesceBytes'
    | 'tlsHandshakesMax'
    | 'tlsHandshakeTimeoutMs'
    | 'tlsRefusalLingerMs',
    number
  >
> = {
  /** One frame: a message of 16 MiB and what goes round it. */
  frameBytesMax: 18 * 1024 * 1024,
  /** Up to this claimed length a straddling frame gets its buffer at once; beyond, it grows. */
  trustedFrameBytes: 1024 * 1024,
  /**
   * Unsent bytes of one link; beyond it the link is closed, so that its order never has a hole.
   * A last resort: what closed a link is sent again, so the senders must keep below it. They have
   * under way, of what the bounds of a member allow (laneBytesMax, entryBytesMax):
   *  - 36 MiB of publishes or of appends; as much again for each repeat while the other side is
   *    silent, and for what a leadership before left: 4 x 36 MiB;
   *  - a little of each shard, 128 KiB: 2 MiB for 16 shards, 128 MiB for the most there can be;
   *  - of deliveries, beside 1 MiB a client, the largest message for each of 16 clients: 304 MiB;
   *  - replies, 16 MiB; chunks of snapshots and what is repaired: 40 MiB.
   */
  unsentBytesMax: 640 * 1024 * 1024,
  /** One message of the handshake; an offer names every member. */
  handshakeBytesMax: 64 * 1024,
  /** Accepted connections that have not finished their handshake. */
  handshakesMax: 128,
  /** Accepted connections in all. */
  acceptedMax: 1024,
  /** Probes under way. */
  probesMax: 64,
  /** Nodes whose process epoch is remembered. */
  knownNodesMax: 4096,
  /** Pieces below this size are copied together before they are written. */
  coalesceBytes: 4096,
  /** Connections of one listener in their TLS handshake; beyond it the oldest goes. */
  tlsHandshakesMax: 1024,
  /** From accept to the end of the TLS handshake. */
  tlsHandshakeTimeoutMs: 10_000,
  /** Whoever never reads why it is refused does not keep the socket for longer. */
  tlsRefusalLingerMs: 1000
}

/** Times in milliseconds, and counts of checks. */
export interface TransportTiming {
  /** From accept or connect to the end of the handshake. */
  readonly handshakeTimeoutMs: number
  /** Links are looked at this often. */
  readonly checkIntervalMs: number
  /** A link that sent nothing for this many checks sends a heartbeat. */
  readonly idleChecks: number
  /** A link that heard nothing for this many checks is half-open, and is closed. */
  readonly silentChecks: number
  /** Pause before dialling again: doubles from the least to the most, with jitter. */
  readonly backoffMinMs: number
  readonly backoffMaxMs: number
  /** A link that lived this long was healthy: the next pause starts small again. */
  readonly healthyMs: number
}

export const defaultTiming: TransportTiming = {
  handshakeTimeoutMs: 5000,
  checkIntervalMs: 1000,
  idleChecks: 2,
  silentChecks: 6,
  backoffMinMs: 20,
  backoffMaxMs: 500,
  healthyMs: 1000
}
