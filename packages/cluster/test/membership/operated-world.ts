// A simulated cluster with the calls of its operators, and what they see of it.
import type { AdminReply, AdminRequest, ClusterStatus, OperationStatus } from '@holdfast/cluster'
import type { WireError } from '@holdfast/errors'
import { type Host, World } from '@holdfast/simulator'
import type { Test } from 'tap'

export type Result = AdminReply | { readonly error: WireError }

/** A cluster of `count` nodes, host 1 to `count`, with a few small groups. */
export async function formed(t: Test, seed: number, count: number): Promise<World> {
  const world = new World(seed)
  t.ok(await world.form(count), `seed ${seed}: ${count} nodes stand`)
  return world
}

/** A world that is not well says what happened in it. */
export function isWell(t: Test, world: World): void {
  const isFine = t.same(world.failures, [])
  if (!isFine) for (const line of world.lines.slice(-80)) t.comment(line)
}

export async function ask(world: World, host: Host, request: AdminRequest): Promise<Result> {
  let result: Result | null = null
  host.process?.admin(request, (answer) => {
    result = answer
  })
  await world.until(35_000, `an answer to ${request.type}`, () => result !== null)
  return result ?? { type: 'done' }
}

export function operationOf(result: Result): OperationStatus {
  if ('type' in result && result.type === 'operation') return result.operation
  throw new Error(`no operation: ${JSON.stringify(result)}`)
}

export function codeOf(result: Result): string {
  return 'error' in result ? result.error.code : 'accepted'
}

/** Asks whoever runs until the operation has ended; every state that was seen. */
export async function follow(world: World, id: string): Promise<OperationStatus[]> {
  const seen: OperationStatus[] = []
  const look = (): void => {
    const [host] = world.runningHosts
    host?.process?.admin({ type: 'operation', id }, (result) => {
      if ('type' in result && result.type === 'operation') seen.push(result.operation)
    })
  }
  await world.until(60_000, `the end of operation ${id}`, () => {
    look()
    return seen.at(-1)?.state !== undefined && seen.at(-1)?.state !== 'running'
  })
  return seen
}

/** Ids are given in the order in which nodes came in, which is not that of the hosts. */
export function nodeOf(host: Host): number {
  const node = host.process?.identity?.node
  if (node === undefined) throw new Error(`host ${host.number} is no member`)
  return node
}

export function statusAt(host: Host): ClusterStatus {
  const status = host.process?.member.status()
  if (status === undefined) throw new Error(`host ${host.number} does not run`)
  return status
}

/** The host of the node that leads a group. */
export function leaderOf(world: World, group: number): Host {
  const [host] = world.runningHosts
  const leader = host && statusAt(host).groups.find(({ id }) => id === group)?.leader
  const found = world.runningHosts.find(({ process }) => process?.identity?.node === leader)
  if (found === undefined) throw new Error(`group ${group} has no leader`)
  return found
}

export function namesNode(world: World, node: number): boolean {
  return world.runningHosts.some((host) => {
    const { nodes, groups } = statusAt(host)
    const inGroups = groups.some(({ voters, learners }) => [...voters, ...learners].includes(node))
    return inGroups || nodes.some(({ id }) => id === node)
  })
}

export function hostAt(world: World, number: number): Host {
  const host = world.hosts[number - 1]
  if (host === undefined) throw new Error(`no host ${number}`)
  return host
}

/** Lets the others notice that a host is gone. */
export async function crash(world: World, host: Host): Promise<void> {
  host.crash()
  await world.schedule.run(3000)
}
