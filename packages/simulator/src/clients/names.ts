// What the clients of a run call things.

/** The queues of one name, one after the other, are told apart by a number. */
export function nameOf(queue: string): string {
  return queue.split('#')[0] ?? ''
}

/** A body that tells which message it is, of a size that varies. */
export function bodyOf(message: string): string {
  let size = 0
  for (const letter of message) size = (size * 31 + letter.charCodeAt(0)) % 997
  return `${message}|${'x'.repeat(size % 40 === 0 ? size * 3 : size % 60)}`
}
