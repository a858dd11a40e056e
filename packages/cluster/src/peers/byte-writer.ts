// Writes peer messages: numbers and short bytes into a growing buffer, long bytes as slices
// between, so that an entry's payload travels from the log to the socket without a copy.
const encoder = {
  /** Bytes from here on are passed as slices instead of being copied. */
  sliceFromBytes: 2048
} as const

export class ByteWriter {
  readonly #done: Uint8Array[] = []
  #buffer: Uint8Array = new Uint8Array(512)
  #view: DataView = new DataView(this.#buffer.buffer)
  #start = 0
  #end = 0
  /** Bytes written so far. */
  size = 0

  u8(value: number): void {
    this.#reserve(1)
    this.#view.setUint8(this.#end, value)
    this.#advance(1)
  }

  u32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#end, value)
    this.#advance(4)
  }

  /** Any safe integer: indexes, terms, replica ids, times. */
  number(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#end, value)
    this.#advance(8)
  }

  /** Length-prefixed. The bytes must not change afterwards. */
  bytes(value: Uint8Array): void {
    this.u32(value.length)
    if (value.length >= encoder.sliceFromBytes) {
      this.#seal()
      this.#done.push(value)
      this.size += value.length
      return
    }
    this.#reserve(value.length)
    this.#buffer.set(value, this.#end)
    this.#advance(value.length)
  }

  /** What was written, or the first `bytes` of it, as slices in order; the rest stays. */
  take(bytes: number = this.size): readonly Uint8Array[] {
    this.#seal()
    this.size -= bytes
    let left = bytes
    let count = 0
    for (const slice of this.#done) {
      if (slice.length > left) break
      left -= slice.length
      count++
    }
    const taken = this.#done.splice(0, count)
    const [cut] = this.#done
    if (cut === undefined || left === 0) return taken
    this.#done[0] = cut.subarray(left)
    return [...taken, cut.subarray(0, left)]
  }

  #advance(count: number): void {
    this.#end += count
    this.size += count
  }

  #seal(): void {
    if (this.#end > this.#start) this.#done.push(this.#buffer.subarray(this.#start, this.#end))
    this.#start = this.#end
  }

  #reserve(count: number): void {
    if (this.#end + count <= this.#buffer.length) return
    this.#seal()
    this.#buffer = new Uint8Array(Math.max(4096, count))
    this.#view = new DataView(this.#buffer.buffer)
    this.#start = 0
    this.#end = 0
  }
}

/** Slices in order as one array of bytes. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks
  if (only !== undefined && chunks.length === 1) return only
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const bytes = new Uint8Array(length)
  let position = 0
  for (const chunk of chunks) {
    bytes.set(chunk, position)
    position += chunk.length
  }
  return bytes
}
