// CRC-32 as the store uses it, injectable so that the format does not hang on one implementation.
import { crc32 } from 'node:zlib'

/** CRC-32 (IEEE 802.3) of the bytes, as an unsigned 32-bit integer. */
export type Checksum = (bytes: Uint8Array) => number

export const zlibChecksum: Checksum = (bytes) => crc32(bytes)
