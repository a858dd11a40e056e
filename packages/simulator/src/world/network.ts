// The network of the simulated world: what lies between hosts, the links and sockets on it, and
// probes of addresses.
import type { AdoptOffer, Input } from '@holdfast/cluster'
import { calmNetwork } from '../plan/calm.ts'
import { ClientSockets } from './client-sockets.ts'
import type { Host } from './host.ts'
import { Paths } from './paths.ts'
import { PeerLinks } from './peer-links.ts'
import type { Process } from './process.ts'
import type { World } from './world.ts'

type ProbeResult = Extract<Input, { type: 'probe-done' }>['result']

/** A probe without an answer gives up after this. */
const silenceMs = 500

export class Network {
  readonly paths: Paths
  readonly links: PeerLinks
  readonly clients: ClientSockets
  readonly #world: World

  constructor(world: World) {
    this.#world = world
    this.paths = new Paths(calmNetwork, world.random.split('paths'))
    this.links = new PeerLinks(world)
    this.clients = new ClientSockets(world)
  }

  /** Cuts a path for as long as the returned function is not called. */
  cut(from: number, to: number): () => void {
    const path = this.paths.path(from, to)
    path.cuts += 1
    return () => {
      path.cuts = Math.max(0, path.cuts - 1)
    }
  }

  /** Ends every fault of every path. */
  heal(): void {
    this.paths.heal()
    this.links.heal()
    this.release()
  }

  /** What was kept by cuts that are no more goes on its way. */
  release(): void {
    this.links.release()
    this.clients.release()
  }

  ended(process: Process): void {
    this.links.ended(process)
    this.clients.ended(process)
  }

  /** Asks who listens at an address; with an offer, a blank node takes it. */
  probe(from: Process, id: number, address: string, offer: AdoptOffer | null): void {
    const { schedule } = this.#world
    let isDone = false
    const done = (result: ProbeResult): void => {
      if (isDone) return
      isDone = true
      schedule.after(this.paths.delayMs(), () => from.input({ type: 'probe-done', id, result }))
    }
    const giveUp = (): void => done({ error: 'nobody answers there' })
    schedule.after(this.paths.delayMs(), () => {
      const target = this.#world.hostAt(address)
      const process = target?.process ?? null
      if (process === null) return schedule.after(1, giveUp)
      // Who has been reached may end, too, before it has written down what it was offered.
      schedule.after(silenceMs, giveUp)
      if (!this.#isReached(from, target) || process.isPaused) return
      if (target?.token === from.host.token) return this.#ask(process, offer, done)
      done({ error: 'its join token is another', code: 'JOIN_TOKEN_WRONG' })
    })
  }

  #isReached(from: Process, target: Host | undefined): boolean {
    return target !== undefined && this.paths.canTalk(from.host.number, target.number)
  }

  #ask(process: Process, offer: AdoptOffer | null, done: (result: ProbeResult) => void): void {
    if (offer === null) return done(process.hello())
    if (process.identity === null) return process.adopt(offer, () => done(process.hello()))
    const { clusterId, node, incarnation } = process.identity
    const isSame = node === offer.node && incarnation === offer.incarnation
    if (isSame && clusterId === offer.clusterId) done(process.hello())
    else done({ error: 'it has a place already', code: 'NODE_ALREADY_MEMBER' })
  }
}
