// What the clients of a run call things.

/** The queues of one name, one after the other, are told apart by a number. */
export function nameOf(queue: string): string {
  return queue.split('#')[0] ?? ''
}

/** Publishers whose bodies may take several frames: those that speak AMQP. */
const framed = /^a\d+\./

/** A body that tells which message it is, of a size that varies. */
export function bodyOf(message: string): string {
  let size = 0
  for (const letter of message) size = (size * 31 + letter.charCodeAt(0)) % 997
  if (size % 40 > 0) return `${message}|${'x'.repeat(size % 60)}`
  const isLong = size % 80 === 0 && framed.test(message)
  return `${message}|${patterned(size * (isLong ? 20 : 3))}`
}

/** So many letters, of which no part is like another as long: where one is amiss, it shows. */
function patterned(length: number): string {
  let text = ''
  for (let at = 0; text.length < length; at += 1) text += `${at} `
  return text.slice(0, length)
}
