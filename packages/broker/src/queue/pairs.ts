// Flat pairs of offsets: [first, last, …].

/** Collects flat pairs; neighbours are joined. */
export function addPair(pairs: number[], first: number, last: number): void {
  const end = pairs.length - 1
  if (end > 0 && pairs[end] === first - 1) pairs[end] = last
  else pairs.push(first, last)
}
