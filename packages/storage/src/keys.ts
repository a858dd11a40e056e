// key := 'r' sequence:u64be
// One key per record of the node log. Sequences only grow and keys are never overwritten, so that
// tables do not overlap (`performance.md` 2) and old versions of a key cannot exist (rule S10).

const prefix = 0x72
const half = 2 ** 32

export const keyBytes = 9

export function recordKey(sequence: number): Buffer {
  const key = Buffer.allocUnsafe(keyBytes)
  key[0] = prefix
  key.writeUInt32BE(Math.floor(sequence / half), 1)
  key.writeUInt32BE(sequence % half, 5)
  return key
}

/** The sequence in a key, or null if it is no key of the node log. */
export function sequenceOfKey(key: Uint8Array): number | null {
  if (key.length !== keyBytes || key[0] !== prefix) return null
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  const sequence = view.getUint32(1) * half + view.getUint32(5)
  return Number.isSafeInteger(sequence) ? sequence : null
}

export const firstKey: Buffer = recordKey(0)
/** Above every key that can be. */
export const endKey: Buffer = Buffer.from([prefix + 1])
