// Seeded chance for the property tests of this package: the same seed gives the same run.

/** Numbers from 0 up to 1 (mulberry32). */
export function makeRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** An integer from `min` to `max`. */
export function between(random: () => number, min: number, max: number): number {
  return min + Math.floor(random() * (max - min + 1))
}

/** Cuts bytes into pieces of random length, as a network does. */
export function pieces(random: () => number, bytes: Uint8Array, lengthMax: number): Uint8Array[] {
  const cut: Uint8Array[] = []
  for (let position = 0; position < bytes.length; ) {
    const length = between(random, 1, lengthMax)
    cut.push(bytes.subarray(position, position + length))
    position += length
  }
  return cut
}

/** One array of many. */
export function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0))
  let position = 0
  for (const chunk of chunks) {
    whole.set(chunk, position)
    position += chunk.length
  }
  return whole
}
