// What a consumer of the SDK gets of a queue, as text.
import type { Connection } from '@holdfast/client'

/** Bodies in the order of delivery, once `count` have come; `meanwhile` is told how many have. */
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
    if (bodies.length === count) break
    await meanwhile(bodies.length)
  }
  await consumer.settled()
  await consumer.cancel()
  return bodies
}
