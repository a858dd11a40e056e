// Replaces a stretch of bytes by one of another length, and keeps true what is likely to be a
// length around it: without that, almost every insertion ends at the first length that lies.

/** Big-endian number of `size` bytes. */
function readNumber(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i += 1) value = value * 256 + (bytes[at + i] ?? 0)
  return value
}

function writeNumber(bytes: Uint8Array, at: number, size: number, value: number): void {
  let left = value
  for (let i = size - 1; i >= 0; i -= 1) {
    bytes[at + i] = left % 256
    left = Math.floor(left / 256)
  }
}

/** How far before a change a length is looked for. */
const reachBytes = 512

/** Puts `added` in the place of `input[at, at + removed)`. */
export function splice(
  input: Uint8Array,
  at: number,
  removed: number,
  added: Uint8Array
): Uint8Array {
  const result = new Uint8Array(input.length - removed + added.length)
  result.set(input.subarray(0, at))
  result.set(added, at)
  result.set(input.subarray(at + removed), at + added.length)
  return result
}

/**
 * As `splice`; every big-endian number of `size` bytes before the place that reads as the length of
 * a stretch around it is changed by the difference.
 */
export function resize(
  input: Uint8Array,
  at: number,
  removed: number,
  added: Uint8Array,
  size: 1 | 2 | 4
): Uint8Array {
  const result = splice(input, at, removed, added)
  const difference = added.length - removed
  if (difference === 0) return result
  const end = at + removed
  for (let field = Math.max(0, at - reachBytes); field + size <= at; field += 1) {
    const length = readNumber(input, field, size)
    const reach = field + size + length
    const isAround = length > 0 && reach >= end && reach <= input.length
    if (isAround) writeNumber(result, field, size, length + difference)
  }
  return result
}
