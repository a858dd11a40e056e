// Bounds of the shell around a member that are not settings. Settings, with their ranges, are in
// config-schema.ts.
export const serverLimits: Readonly<
  Record<
    | 'drainedReportBytes'
    | 'drainedBelowBytes'
    | 'adminCallsMax'
    | 'adminCallTimeoutMs'
    | 'hashingsMax'
    | 'rememberPasswordMs'
    | 'rememberedPasswordsMax'
    | 'readRetryMs'
    | 'diskIntervalMs'
    | 'reserveReleaseBytes'
    | 'loopReportIntervalMs'
    | 'loopResolutionMs'
    | 'loopDelayWarnMs'
    | 'logBufferBytes'
    | 'socketEndTimeoutMs'
    | 'refusalsMax'
    | 'webSocketFragmentsMax'
    | 'webSocketChunksMax'
    | 'configurationFileBytes'
    | 'probeTimeoutMs'
    | 'tlsFileBytesMax'
    | 'tlsLookMs'
    | 'tlsExpiryWarnDays'
    | 'tlsRefusalLogMs',
    number
  >
> = {
  /** After this many bytes a client's socket reports that it has drained … */
  drainedReportBytes: 256 * 1024,
  /** … as soon as no more than this is left in its buffer. */
  drainedBelowBytes: 128 * 1024,
  /** Calls of the admin API that the member has not answered. */
  adminCallsMax: 1024,
  adminCallTimeoutMs: 30_000,
  /** New passwords that are hashed at once, each with 16 MiB of memory. */
  hashingsMax: 2,
  /** A password that was right is not compared again for so long. */
  rememberPasswordMs: 600_000,
  rememberedPasswordsMax: 1024,
  /** A read that the store has no room for is tried again after this. */
  readRetryMs: 20,
  diskIntervalMs: 1000,
  /** A process that fails with less than this free gives up the reserve of the disk. */
  reserveReleaseBytes: 64 * 1024 * 1024,
  loopReportIntervalMs: 10_000,
  /** The loop is looked at this often: each look wakes a process that has nothing else to do. */
  loopResolutionMs: 500,
  /** An event loop that stood still for longer is worth a line in the log. */
  loopDelayWarnMs: 500,
  /** Log lines that stderr has not taken; beyond it lines are dropped and counted. */
  logBufferBytes: 4 * 1024 * 1024,
  /** A socket that was ended and does not close is destroyed after this. */
  socketEndTimeoutMs: 5000,
  /** Connections over the cap that are being told so; more are closed without a word. */
  refusalsMax: 128,
  /** Of one WebSocket message. */
  webSocketFragmentsMax: 64,
  webSocketChunksMax: 16 * 1024,
  configurationFileBytes: 1024 * 1024,
  /** What does not answer so long may be a node that is slow: it is not taken for nobody. */
  probeTimeoutMs: 5000,
  /** One file with certificates or a key. */
  tlsFileBytesMax: 1024 * 1024,
  /** Files of TLS are looked at this often: they may have been replaced. */
  tlsLookMs: 10_000,
  /** A certificate that expires sooner is worth a warning. */
  tlsExpiryWarnDays: 14,
  /** At most one line of refused connections in this time. */
  tlsRefusalLogMs: 1000
}
