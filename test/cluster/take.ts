// What a consumer of the SDK gets of a queue, as text.
import type { Connection } from '@holdfast/client'

/**
 * Bodies in the order of delivery, once `count` different ones have come: what comes again is among
 * them, and stands for none. `meanwhile` is told how many have come.
 */
export async function take(
  connection: Connection,
  queue: string,
  count: number,
  prefetch: number,
  meanwhile: (taken: number) => Promise<void> = async () => undefined
): Promise<string[]> {
  const consumer = await connection.consume(queue, { prefetch })
  const bodies: string[] = []
  for await (const delivery of consumer) {
    bodies.push(delivery.text())
    delivery.ack()
    if (new Set(bodies).size === count) break
    await meanwhile(bodies.length)
  }
  await consumer.settled()
  await consumer.cancel()
  return bodies
}
