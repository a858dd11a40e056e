// The links of one connection: at most one per address, shared by publisher, requests and
// consumers. It knows every address it was given or told of, and tries them in turn, in an order of
// its own: clients that are all given the same list spread over the nodes, and so do those of a
// node that died.
import { HoldfastError } from '@holdfast/errors'
import type { ClientEvent, Hello, NodeAddress } from '@holdfast/protocol'
import { type Platform, shuffled } from './clock.ts'
import { clientLimits } from './limits.ts'
import { Link } from './link.ts'
import { type Dial, webSocketScheme } from './wire.ts'

interface Attempt {
  readonly link: Link
  readonly promise: Promise<Link>
  readonly resolve: (link: Link) => void
  readonly reject: (error: HoldfastError) => void
}

export interface LinksOptions {
  readonly seeds: readonly string[]
  readonly dial: Dial
  readonly hello: Hello
  readonly platform: Platform
  readonly dirty: () => void
  /** A link that had been open is gone. */
  readonly closed: (link: Link, error: HoldfastError) => void
}

export class Links {
  readonly #options: LinksOptions
  /** The addresses that the application gave, in the order of this connection. */
  readonly #seeds: readonly string[]
  /** As the first address has it; null: no WebSocket. */
  readonly #scheme: 'ws' | 'wss' | null
  /** Where each known node listens. */
  readonly #nodes = new Map<number, string>()
  readonly #open = new Set<Link>()
  readonly #attempts = new Map<string, Attempt>()
  /** Refusals for good that came when nobody waited for them any more, by address. */
  readonly #missed = new Map<string, HoldfastError>()
  /** Counts through the addresses. */
  #turn = 0
  #isClosed = false

  constructor(options: LinksOptions) {
    this.#options = options
    this.#seeds = shuffled(options.seeds, options.platform.randomPart)
    this.#scheme = webSocketScheme(options.seeds[0] ?? '')
  }

  /** Every address worth trying, the ones given first. */
  get addresses(): readonly string[] {
    return [...new Set([...this.#seeds, ...this.#nodes.values()])]
  }

  /**
   * A link that is open, after a node died the fastest way on, or the next address in turn. One
   * that says nothing is not waited for long: it is tried on beside the next one, and what it says
   * at last is heard at its next turn.
   * @throws what the attempt failed with, or NODE_UNREACHABLE while nothing has come of it
   */
  open(): Promise<Link> {
    for (const link of this.#open) if (link.isOpen) return Promise.resolve(link)
    return this.#openNext()
  }

  #openNext(): Promise<Link> {
    const { addresses } = this
    const address = addresses[this.#turn % addresses.length] ?? ''
    this.#turn += 1
    const missed = this.#missed.get(address)
    this.#missed.delete(address)
    if (missed !== undefined) return Promise.reject(missed)
    const patienceMs = clientLimits.dialPatienceMs
    return new Promise((resolve, reject) => {
      let isMissed = false
      const giveUp = (): void => {
        isMissed = true
        const reason = `no answer within ${patienceMs} ms yet`
        reject(new HoldfastError('NODE_UNREACHABLE', { address, reason }))
      }
      const cancel = this.#options.platform.after(patienceMs, giveUp)
      const failed = (error: HoldfastError): void => {
        if (isMissed) this.#miss(address, error)
        reject(error)
      }
      this.#connect(address).then(resolve, failed).finally(cancel)
    })
  }

  /** Of use only while none is open; what may pass is found out by dialling again. */
  #miss(address: string, error: HoldfastError): void {
    if (this.#open.size === 0 && error.row.retry === 'never') this.#missed.set(address, error)
  }

  /** The link to a node, opened if need be. @throws NODE_UNREACHABLE and others: try again later */
  openNode(node: number): Promise<Link> {
    for (const link of this.#open)
      if (link.node === node && link.isOpen) return Promise.resolve(link)
    const address = this.#nodes.get(node)
    if (address !== undefined) return this.#connect(address)
    const reason = 'its address is not known yet'
    return Promise.reject(
      new HoldfastError('NODE_UNREACHABLE', { address: `node ${node}`, reason })
    )
  }

  tick(): void {
    const idleSinceMs = this.#options.platform.nowMs() - clientLimits.linkIdleMsMax
    for (const { link } of [...this.#attempts.values()]) link.tick()
    for (const link of [...this.#open]) {
      if (!link.isServing && link.usedMs < idleSinceMs) link.close()
      else link.tick()
    }
  }

  flush(): void {
    for (const link of this.#open) link.flush()
  }

  close(): void {
    this.#isClosed = true
    const gone = new HoldfastError('CONNECTION_CLOSED', { reason: 'it was closed on this side' })
    for (const { link } of [...this.#attempts.values()]) link.destroy(gone)
    for (const link of [...this.#open]) link.close()
  }

  #connect(address: string): Promise<Link> {
    const running = this.#attempts.get(address)
    if (running !== undefined) return running.promise
    if (this.#isClosed) {
      const reason = 'it was closed on this side'
      return Promise.reject(new HoldfastError('CONNECTION_CLOSED', { reason }))
    }
    const { dial, hello, dirty, platform } = this.#options
    const link = new Link(address, dial, hello, {
      platform,
      opened: (opened, welcome) => this.#opened(opened, welcome),
      nodes: (event) => this.#learn(event.nodes),
      closed: (closed, error) => this.#closed(closed, error),
      dirty
    })
    let resolve: (link: Link) => void = () => undefined
    let reject: (error: HoldfastError) => void = () => undefined
    const promise = new Promise<Link>((onOpen, onError) => {
      resolve = onOpen
      reject = onError
    })
    // Several may wait for one attempt, or nobody any more: the failure is told to those who ask.
    promise.catch(() => undefined)
    this.#attempts.set(address, { link, promise, resolve, reject })
    return promise
  }

  #opened(link: Link, welcome: ClientEvent & { type: 'welcome' }): void {
    this.#learn(welcome.nodes)
    if (!this.#nodes.has(welcome.node)) this.#nodes.set(welcome.node, link.address)
    const attempt = this.#attempts.get(link.address)
    this.#attempts.delete(link.address)
    this.#open.add(link)
    this.#missed.clear()
    attempt?.resolve(link)
  }

  #closed(link: Link, error: HoldfastError): void {
    const attempt = this.#attempts.get(link.address)
    if (attempt?.link === link) {
      this.#attempts.delete(link.address)
      attempt.reject(error)
    }
    if (this.#open.delete(link)) this.#options.closed(link, error)
  }

  /** The list of a node replaces what was known; all nodes give it in the same order. */
  #learn(nodes: readonly NodeAddress[]): void {
    if (nodes.length === 0) return
    this.#nodes.clear()
    for (const { id, client, http } of shuffled(nodes, this.#options.platform.randomPart)) {
      const address = this.#scheme === null ? client : `${this.#scheme}://${http}/v1/connect`
      if (address !== '') this.#nodes.set(id, address)
    }
  }
}
