// What publishes take in memory while they wait. Bodies are not all of it: names, and the objects
// that hold them, are what many small ones with many keys cost.
import type { PublishBatch } from './requests.ts'

/** Objects of a publish, and of each further key. */
const publishObjectBytes = 128
const keyObjectBytes = 32

/** A character that is not of Latin 1 makes all of its string take two bytes each. */
const bytesPerCharacter = 2

export function publishMemory({ exchange, routingKey, copies, blob }: PublishBatch): number {
  let characters = exchange.length + routingKey.length
  for (const key of copies) characters += key.length
  const objects = publishObjectBytes + copies.length * keyObjectBytes
  return blob.length + objects + characters * bytesPerCharacter
}
