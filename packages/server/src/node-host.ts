// The node of a process, from its data on: what opens decides whether it is a member or has damaged
// data that cannot be spared. When it can be, the damaged node ends, its data is set aside, and a
// blank one takes its place in the same process.
import { randomInt } from 'node:crypto'
import { type ClusterStatus, type Damage, isExpendable, knownPeers } from '@holdfast/cluster'
import { dialProbe, processEpochMax, type TlsSource } from '@holdfast/transport'
import type { Configuration } from './config-schema.ts'
import { serverLimits } from './limits.ts'
import type { Log } from './logger.ts'
import { Node } from './node.ts'
import type { Addresses, Ending, NodeParts, RunningNode } from './node-parts.ts'
import { openData } from './open-data.ts'
import { NodeTls } from './tls/node-tls.ts'

/** `isSpared`: the data is known to be damaged, and the other nodes can go on without it. */
type Start = (isSpared: boolean) => Promise<Node>

/**
 * Starts a node. Resolves when it listens.
 * @throws TLS_FILE_INVALID, the errors of the data directory, BOOTSTRAP_REFUSED,
 * CONFIGURATION_INVALID (address in use)
 */
export async function startNode(
  configuration: Configuration,
  parts: NodeParts,
  log: Log
): Promise<RunningNode> {
  const tls = await NodeTls.open(configuration, log)
  const start: Start = async (isSpared) => {
    const { data } = configuration
    const canSpare = async (damage: Damage): Promise<boolean> =>
      isSpared || (await canBeSpared(configuration, tls.peers, damage))
    const opened = await openData(data, parts.storage, log, canSpare)
    const node = new Node(configuration, parts, opened, log, tls)
    try {
      await node.start()
    } catch (error) {
      await node.close()
      throw error
    }
    return node
  }
  try {
    return new NodeHost(await start(false), start, log, tls)
  } catch (error) {
    tls.close()
    throw error
  }
}

/** Asks the nodes that a damaged directory knew who they are; more a damaged member asks. */
async function canBeSpared(
  configuration: Configuration,
  tls: TlsSource | null,
  damage: Damage
): Promise<boolean> {
  const { client, peer, http, token } = configuration
  const { identity } = damage
  const ask = { storeId: '0'.repeat(32), processEpoch: randomInt(1, processEpochMax) }
  const hello = { ...identity, ...ask, client, peer, http, isDamaged: true } as const
  const timeoutMs = serverLimits.probeTimeoutMs
  const answers = await Promise.all(
    knownPeers(damage).map(({ address }) =>
      dialProbe({ address, hello, token, tls, timeoutMs }).catch(() => null)
    )
  )
  return isExpendable(
    damage,
    answers.filter((answer) => answer !== null)
  )
}

class NodeHost implements RunningNode {
  readonly ended: Promise<Ending>
  readonly #start: Start
  readonly #log: Log
  #node: Node
  #isDraining = false

  constructor(node: Node, start: Start, log: Log, tls: NodeTls) {
    this.#node = node
    this.#start = start
    this.#log = log
    this.ended = this.#run().finally(() => tls.close())
  }

  get addresses(): Addresses {
    return this.#node.addresses
  }

  status(): ClusterStatus {
    return this.#node.status()
  }

  drain(): void {
    this.#isDraining = true
    this.#node.drain()
  }

  reloadTls(): boolean {
    return this.#node.reloadTls()
  }

  async #run(): Promise<Ending> {
    for (;;) {
      const ending = await this.#node.ended
      if (!this.#node.isSpared || this.#isDraining) return ending
      try {
        this.#node = await this.#start(true)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        this.#log('error', 'the node cannot start again', { reason })
        return { code: 70, reason }
      }
      if (this.#isDraining) this.#node.drain()
    }
  }
}
