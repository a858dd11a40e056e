// Whether this node may start a new cluster: a one-time, explicit act (failure mode 50).
import type { NodeIdentity, PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { dialProbe } from '@holdfast/transport'
import { serverLimits } from './limits.ts'

export interface BootstrapQuestion {
  readonly isWanted: boolean
  /** What the data directory says this node is; null while blank. */
  readonly identity: NodeIdentity | null
  readonly seeds: readonly string[]
  readonly hello: PeerHello
  readonly token: string
}

/**
 * True if a new cluster is to be started. A directory that belongs to a cluster just starts, so
 * that the same command can be given again.
 * @throws BOOTSTRAP_REFUSED when a seed is a member of a cluster
 */
export async function shouldBootstrap(question: BootstrapQuestion): Promise<boolean> {
  if (!question.isWanted || question.identity !== null) return false
  const seeds = question.seeds.filter((seed) => seed !== question.hello.peer)
  const answers = await Promise.all(seeds.map((seed) => askSeed(seed, question)))
  for (const [position, answer] of answers.entries()) {
    if (answer === null || answer.clusterId === null) continue
    throw new HoldfastError('BOOTSTRAP_REFUSED', {
      reason:
        `the node at ${seeds[position] ?? ''} is a member of cluster ` +
        `${answer.clusterId}; start this ` +
        `node without --bootstrap, and add it there with 'holdfast node add ${question.hello.peer}'`
    })
  }
  return true
}

/** Null if nothing answers there. */
async function askSeed(address: string, question: BootstrapQuestion): Promise<PeerHello | null> {
  try {
    const { hello, token } = question
    return await dialProbe({ address, hello, token, timeoutMs: serverLimits.probeTimeoutMs })
  } catch {
    return null
  }
}
