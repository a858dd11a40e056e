// Message records and their properties: scanning, skipping, slicing and decoding agree with one
// another, and a record that was accepted is accepted again when it is encoded from what it holds.
import {
  encodeRecord,
  pack,
  recordBody,
  recordProperties,
  scanRecord,
  scanRecords,
  skipRecord
} from '@holdfast/record'
import { isSameValue } from '../same-value.ts'
import { joined, must, refusedOr, type Target } from '../target.ts'
import { texts } from '../tokens.ts'

function runOne(input: Uint8Array, at: number, end: number): void {
  must(skipRecord(input, at) === end, 'skipping ends where scanning ends')
  const body = recordBody(input, at)
  must(body.byteOffset + body.length === input.byteOffset + end, 'the body ends the record')
  const properties = recordProperties(input, at)
  // An application is not let to send an integer above 2^53, which a float on the wire may be.
  const encoded = refusedOr(() => encodeRecord(properties, body))
  if (encoded === null) return
  must(scanRecord(encoded, 0, encoded.length) === encoded.length, 'what is encoded is accepted')
  const again = recordProperties(encoded, 0)
  const isEmpty = properties !== null && Object.keys(properties).length === 0
  must(isSameValue(isEmpty ? null : properties, again), 'properties stay as they are')
  must(isSameValue(body, recordBody(encoded, 0)), 'the body stays as it is')
}

/** `input := count:u8 record*` */
function run(input: Uint8Array): void {
  const blob = input.subarray(1)
  const count = input[0] ?? 0
  const isBlob = refusedOr(() => {
    scanRecords(blob, count)
    return true
  })
  let at = 0
  for (let index = 0; index < 4; index += 1) {
    const end = refusedOr(() => scanRecord(blob, at, blob.length))
    if (end === null) {
      must(isBlob === null || index >= count, 'a blob holds records that are accepted one by one')
      return
    }
    must(end > at && end <= blob.length, 'a record ends within its blob')
    runOne(blob, at, end)
    at = end
  }
}

const all = {
  contentType: 'text/plain',
  contentEncoding: 'utf-8',
  headers: { a: 1, b: [true, null, 1.5, -7, new Uint8Array(3)], c: { d: 'x' } },
  deliveryMode: 2,
  priority: 255,
  correlationId: 'c',
  replyTo: 'r',
  expiration: '1000',
  messageId: 'm',
  timestamp: 2 ** 40,
  type: 't',
  userId: 'u',
  appId: 'a'
} as const
const full = encodeRecord(all, Buffer.from('body'))

export const target: Target = {
  bytesMax: 4096,
  seeds: [
    joined(1, encodeRecord(null, new Uint8Array(0))),
    joined(2, full, full),
    joined(1, encodeRecord({ priority: 1 }, new Uint8Array(300))),
    joined(1, 0x92, pack(all), 0xc6, 0, 0, 0, 2, 1, 2)
  ],
  tokens: texts,
  hasMsgpack: true,
  run
}
