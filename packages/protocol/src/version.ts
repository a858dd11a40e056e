// The version of the native protocol. It is the first field of hello and welcome, so that it can be
// read whatever else a later version changes. A node refuses versions that it does not know.

/** The version that this package speaks. */
export const protocolVersion = 1

/** The versions that a server accepts, oldest first. */
export const protocolVersionsSupported: readonly number[] = [1]
