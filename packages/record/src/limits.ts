// Bounds of one message. They are part of the native protocol: a server tells them in its welcome,
// and every border that takes records in (connection, gateway, machine) scans with the same
// numbers.

/** What a record may hold at most. Depth counts arrays and maps inside one another. */
export const recordLimits = {
  /** Arrays and maps inside one another, the outermost included (failure mode 107). */
  depthMax: 16,
  /** Encoded properties of one record. */
  propertiesBytesMax: 65_536,
  /** Body of one record: 16 MiB. */
  bodyBytesMax: 16_777_216,
  /** Milliseconds in `expiration`: ten years (RabbitMQ). */
  expirationMsMax: 315_360_000_000,
  /** Records in one blob. */
  recordsMax: 8_192
} as const
