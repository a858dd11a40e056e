// The public names of @holdfast/record: scanning, slicing and encoding of message records, msgpack
// for everything that is not hot, and UTF-8 for packages that have no platform.
export { recordLimits } from './limits.ts'
export { pack, unpack } from './pack.ts'
export { type HeaderValue, isExpiration, type Properties } from './properties.ts'
export {
  encodeRecord,
  foreignProperties,
  foreignStart,
  hasForeignProperties,
  recordBody,
  recordNumber,
  recordProperties,
  recordText,
  scanRecord,
  scanRecords,
  skipRecord
} from './record.ts'
export { isReservedProducer, reservedProducer } from './reserved-producer.ts'
export { skipValue } from './scan.ts'
export { isUtf8, utf8Decode, utf8Encode, utf8Length } from './utf8.ts'
