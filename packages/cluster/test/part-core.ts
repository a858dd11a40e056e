// One part of a member at work: a core of real parts at a node of a cluster, in which a test puts
// others in the place of those that the part at hand uses, and what the node says to its peers.

import { buildCore } from '../src/build-core.ts'
import type { Core } from '../src/core.ts'
import type { Output } from '../src/output.ts'
import { join } from '../src/peers/byte-writer.ts'
import { type PeerMessage, readPeerFrame } from '../src/peers/peer-codec.ts'

const addresses = { client: '127.0.0.1:1', peer: '127.0.0.1:2', http: '127.0.0.1:3' }

/** The parts that a test replaces; as much of each as the part at hand asks for. */
export type Replaced = { readonly [Part in keyof Core]?: object | null }

/** A core of node 1, at time 10 000, that has done nothing yet. */
export function coreWith(replaced: Replaced = {}, processEpoch: number = 1): Core {
  const core = buildCore(
    {
      processEpoch,
      startedMs: 0,
      addresses,
      bootstrap: null,
      random: () => 0.5,
      checksum: () => 0
    },
    {
      storeId: '0'.repeat(32),
      identity: { clusterId: 'c'.repeat(32), node: 1, incarnation: 1 },
      peers: null,
      groups: [],
      lastRecord: 0
    },
    () => undefined
  )
  core.clock.advance(10_000, 1_700_000_000_000)
  Object.assign(core, replaced)
  return core
}

/** Lets time pass; nothing looks at the clock by itself. */
export function pass(core: Core, durationMs: number): void {
  const { nowMs, wallMs } = core.clock
  core.clock.advance(nowMs + durationMs, wallMs + durationMs)
}

/** A link to each of the nodes in every lane and direction, as a healthy cluster has them. */
export function linkTo(core: Core, ...nodes: readonly number[]): void {
  for (const node of nodes) {
    ;(['raft', 'gateway'] as const).forEach((lane, i) => {
      ;(['out', 'in'] as const).forEach((direction, j) => {
        const link = node * 10 + i * 2 + j
        core.peers.up({ type: 'peer-up', link, lane, direction, hello: helloOf(node), address: '' })
      })
    })
  }
}

function helloOf(node: number) {
  return {
    clusterId: 'c'.repeat(32),
    node,
    incarnation: 1,
    storeId: `${node}`.padStart(32, '0'),
    processEpoch: 1,
    ...addresses
  }
}

export interface Sent {
  readonly to: number
  readonly message: PeerMessage
}

/** What was sent to peers since the last look, in order. */
export function sent(core: Core): Sent[] {
  core.peers.flush()
  return core.outputs.splice(0).flatMap((output: Output) => {
    if (output.type !== 'peer-send') return []
    const { messages } = readPeerFrame(join(output.chunks))
    return messages.map((message) => ({ to: output.node, message }))
  })
}
