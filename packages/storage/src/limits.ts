// Every bound of the store in one place, with its unit and its reason. Intervals that follow the
// load are derived from these in level-store.ts.

export const storageLimits = {
  /** A start after which the process has lived for this long came to something. */
  startedAfterMs: 60_000,
  /** LevelDB reads in flight; each occupies a thread of libuv's pool (storage rule S14). */
  readsConcurrentMax: 4,
  /** Reads that wait for one of those; beyond it a read is refused with UNAVAILABLE. */
  readsWaitingMax: 8192,
  /** Bytes of record values that are kept for further reads of the same records. */
  readCacheBytesMax: 16_777_216,
  /** Results of one `readEntries`, however small the entries are. */
  readEntriesMax: 1024,
  /** Keys and estimated bytes of one `getMany` while the store is opened. */
  openBatchKeysMax: 256,
  openBatchBytesMax: 8_388_608,
  /**
   * One commit record. Who makes them keeps to 4 MiB, or one larger message (storage rule S1);
   * beyond this it is a programmer's error.
   */
  recordBytesMax: 67_108_864,
  /** The buffer that is kept between writes; a larger record gets one of its own. */
  recordBufferBytesKept: 8_388_608,
  /** A checkpoint is written after this much log, or sixteen times its own size if that is more. */
  checkpointIntervalBytes: 16_777_216,
  /** Or after this many records, whose replay costs time however small they are. */
  checkpointIntervalRecords: 4096,
  /**
   * Index segments are packed into records of this size, so that one live segment pins little else.
   */
  indexRecordBytesMax: 65_536,
  /**
   * Dead records are deleted once they amount to this: a write buffer's worth (`performance.md` 6).
   */
  deleteChunkBytes: 4_194_304,
  /** Or once there are this many, so that the list of them stays small. */
  deleteChunkRecords: 4096,
  /** Deletions in one batch; the rest follows with the next write. */
  deletesPerBatchMax: 8192,
  /** Deleted bytes that are worth a compaction of their range when the store is quiet. */
  reclaimQuietBytes: 8_388_608,
  /** Deleted bytes that are worth one although it is busy. */
  reclaimBusyBytes: 536_870_912,
  /** How often that is looked at. */
  reclaimIntervalMs: 1000,
  /**
   * What a full disk gets back, so that a node can start on it and be drained: several commit
   * records, a checkpoint, and what LevelDB rewrites when it opens.
   */
  ballastBytes: 16_777_216,
  /** The ballast is laid down where this much is free. */
  ballastFreeBytesMin: 1_073_741_824,
  /** The tail witness is at most this far behind the log (storage rule S7). */
  witnessIntervalMs: 200,
  /** Less than this written in an interval counts as quiet. */
  quietBytes: 1_048_576
} as const

/** What a caller, in practice a test, may set otherwise. */
export interface StoreTuning {
  readonly checkpointIntervalBytes: number
  readonly checkpointIntervalRecords: number
  readonly deleteChunkBytes: number
  readonly reclaimQuietBytes: number
  readonly reclaimIntervalMs: number
  readonly witnessIntervalMs: number
  readonly startedAfterMs: number
  /** False leaves log and witness as a crash would: the next open replays the log. */
  readonly checkpointOnClose: boolean
}
