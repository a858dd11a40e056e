// Hosts of a simulated cluster whose disks go back in time.
import type { ClientRequest } from '@holdfast/protocol'
import type { Host, Operator, World } from '@holdfast/simulator'

/** The disk is once more what it is now. */
export function restoring({ disk }: Host): () => void {
  const { lastRecord } = disk
  const groups = structuredClone(disk.groups)
  return () => {
    disk.lastRecord = lastRecord
    disk.groups.clear()
    for (const [group, state] of groups) disk.groups.set(group, state)
  }
}

/** Nobody watches: what such disks do is a breach of much that is checked. */
export async function passUntil(
  world: World,
  limitMs: number,
  isDone: () => boolean
): Promise<boolean> {
  const endMs = world.schedule.nowMs + limitMs
  while (!isDone() && world.schedule.nowMs < endMs) await world.schedule.run(50)
  return isDone()
}

export async function answerTo(
  world: World,
  client: Operator,
  request: ClientRequest
): Promise<string> {
  let answer: string | null = null
  client.ask(request, (error) => {
    answer = error?.code ?? 'done'
  })
  await passUntil(world, 20_000, () => answer !== null)
  return answer ?? 'no answer'
}
