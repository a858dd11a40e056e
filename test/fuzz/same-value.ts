// Whether two decoded values are the same, byte by byte and key by key. Quicker than the deep
// comparison of an assertion library, since it runs once for each input that is accepted.

/** NaN equals itself; 0 equals −0: a stranger may write either, and nobody tells them apart. */
export function isSameValue(a: unknown, b: unknown): boolean {
  if (a === b || Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && Buffer.compare(a, b) === 0
  }
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, position) => isSameValue(item, b[position]))
  }
  if (a instanceof Map || b instanceof Map) {
    return a instanceof Map && b instanceof Map && isSameValue([...a], [...b])
  }
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  const first = a as Readonly<Record<string, unknown>>
  const second = b as Readonly<Record<string, unknown>>
  return keys.every((key) => Object.hasOwn(second, key) && isSameValue(first[key], second[key]))
}
