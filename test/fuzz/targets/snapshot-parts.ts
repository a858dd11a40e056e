// A snapshot as one input: the manifest, then its blobs, numbered from 1.
//
//   input := (length:u16be bytes)*
export function partsOf(input: Uint8Array): {
  readonly manifest: Uint8Array
  readonly blobs: ReadonlyMap<number, Uint8Array>
} {
  const parts: Uint8Array[] = []
  for (let at = 0; at < input.length; ) {
    const end = at + 2 + (input[at] ?? 0) * 256 + (input[at + 1] ?? 0)
    parts.push(input.subarray(at + 2, end))
    at = end
  }
  const [manifest = new Uint8Array(0), ...rest] = parts
  return { manifest, blobs: new Map(rest.map((bytes, place) => [place + 1, bytes])) }
}

export function asInput(manifest: Uint8Array, blobs: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    [manifest, ...blobs].flatMap((part) => [Uint8Array.of(part.length >> 8, part.length), part])
  )
}
