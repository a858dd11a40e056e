// Slices of one frame as the bytes that a receiver sees.

/** The chunks behind each other; a single one as it is. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  return new Uint8Array(Buffer.concat(chunks))
}
