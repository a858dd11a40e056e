// Flat pairs of offsets, for the reference.
export function pairs(offsets: readonly number[]): number[] {
  const flat: number[] = []
  for (const offset of offsets) {
    if (flat.at(-1) === offset - 1) flat[flat.length - 1] = offset
    else flat.push(offset, offset)
  }
  return flat
}

export function isIn(flat: readonly number[], offset: number): boolean {
  for (let at = 0; at < flat.length; at += 2) {
    if (offset >= (flat[at] ?? 0) && offset <= (flat[at + 1] ?? 0)) return true
  }
  return false
}
