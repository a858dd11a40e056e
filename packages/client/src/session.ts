// What lives as long as a connection of the application: the identity of its publishes, its
// consumers, what it declared. Keeps one link as the primary, on which publishes and requests
// travel, and finds another when that breaks.
import { HoldfastError } from '@holdfast/errors'
import type { ClientRequest, RequestResults } from '@holdfast/protocol'
import { Backoff, type Platform, Sleeper, Turn } from './clock.ts'
import type { ConsumerHost, ConsumerSettings } from './consumer-host.ts'
import { ConsumerSession } from './consumer-session.ts'
import { Declarations, queueName } from './declarations.ts'
import { clientLimits } from './limits.ts'
import type { Link } from './link.ts'
import { Links } from './links.ts'
import type { ResolvedOptions } from './options.ts'
import type { Publish } from './publish-batch.ts'
import { Publisher } from './publisher.ts'
import { Requester } from './requester.ts'
import type { ConnectionStatus } from './status.ts'
import type { Dial } from './wire.ts'

export class Session {
  readonly publisher: Publisher
  readonly #options: ResolvedOptions
  readonly #links: Links
  readonly #requester: Requester
  readonly #declarations = new Declarations()
  readonly #consumers = new Set<ConsumerSession>()
  readonly #turn: Turn
  readonly #platform: Platform
  readonly #sleeper: Sleeper
  readonly #stopTicking: () => void
  #primary: Link | null = null
  #primaryLost: (error: HoldfastError) => void = () => undefined
  #isClosing = false
  #endReason = 'the application closed it'
  #isClosed = false
  #closed: Promise<void> | null = null

  constructor(
    dial: Dial,
    addresses: readonly string[],
    options: ResolvedOptions,
    platform: Platform
  ) {
    this.#options = options
    this.#platform = platform
    this.#sleeper = new Sleeper(platform)
    this.#turn = new Turn(platform, () => this.#flush())
    const { vhost, name, heartbeatMs, user, password } = options
    const producer = platform.randomBytes(16)
    this.#links = new Links({
      seeds: addresses,
      dial,
      hello: { producer, epoch: 1, name, vhost, heartbeatMs, user, password },
      platform,
      dirty: () => this.#turn.schedule(),
      closed: (link, error) => {
        if (link === this.#primary) this.#primaryLost(error)
      }
    })
    this.publisher = new Publisher(options, platform, () => this.#turn.schedule())
    this.#requester = new Requester(options.requestTimeoutMs, platform)
    this.#stopTicking = platform.every(clientLimits.tickMs, () => this.#tick())
  }

  get isConnected(): boolean {
    return this.#primary !== null
  }

  get node(): number | null {
    return this.#primary?.node ?? null
  }

  /** Resolves with the first primary; afterwards there is always one, or a search for one. */
  async start(): Promise<void> {
    const deadlineMs = this.#platform.nowMs() + this.#options.connectTimeoutMs
    const backoff = new Backoff(this.#platform.randomPart)
    for (let attempt = 1; ; attempt++) {
      try {
        this.#usePrimary(await this.#links.open())
        break
      } catch (error) {
        const coded = HoldfastError.from(error)
        if (coded.row.retry === 'never' || this.#platform.nowMs() >= deadlineMs) {
          this.#end()
          throw coded
        }
        const isRoundOver = attempt % this.#links.addresses.length === 0
        if (isRoundOver) await this.#sleeper.sleep(backoff.nextMs())
      }
    }
    this.#keepPrimary().catch((error: unknown) => {
      // Nothing in there throws but a mistake of ours; without a primary all calls would hang.
      this.#abandon(HoldfastError.from(error))
    })
  }

  publish(publish: Publish): Promise<void> {
    this.#refuseIfClosing()
    return this.publisher.publish(publish)
  }

  /** For a queue that the application leaves without one. */
  newQueueName(): string {
    return queueName(this.#platform.randomBytes(16))
  }

  async request<Request extends ClientRequest>(
    request: Request
  ): Promise<RequestResults[Request['type']]> {
    this.#refuseIfClosing()
    const forgotten = this.#declarations.forget(request)
    try {
      const result = await this.#requester.request(request)
      this.#declarations.note(request)
      return result
    } catch (error) {
      this.#declarations.restore(forgotten, HoldfastError.from(error))
      throw error
    }
  }

  async consume(settings: Omit<ConsumerSettings, 'timeoutMs'>): Promise<ConsumerSession> {
    this.#refuseIfClosing()
    for (const consumer of this.#consumers) {
      if (consumer.settings.tag === settings.tag) {
        throw new HoldfastError('CONSUMER_TAG_IN_USE', { tag: settings.tag })
      }
    }
    const timeoutMs = this.#options.requestTimeoutMs
    const session = new ConsumerSession({ ...settings, timeoutMs }, this.#consumerHost())
    this.#consumers.add(session)
    await session.start()
    return session
  }

  close(timeoutMs: number): Promise<void> {
    this.#closed ??= this.#close(timeoutMs)
    return this.#closed
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#isClosing = true
    const consumers = [...this.#consumers]
    for (const consumer of consumers) consumer.queue.end(null)
    const settled = [this.publisher.idle(), ...consumers.map((consumer) => consumer.settled())]
    await Promise.race([Promise.allSettled(settled), this.#sleeper.sleep(timeoutMs)])
    this.#abandon(new HoldfastError('CONNECTION_CLOSED', { reason: 'the application closed it' }))
  }

  #abandon(error: HoldfastError): void {
    if (this.#isClosed) return
    this.#flush()
    const reason = error.code === 'CONNECTION_CLOSED' ? 'the connection was closed' : error.message
    this.publisher.abandon(reason)
    this.#requester.abandon(error)
    const isPlanned = this.#isClosing
    if (!isPlanned) this.#endReason = error.message
    for (const consumer of [...this.#consumers]) consumer.end(isPlanned ? null : error)
    this.#end()
    this.#tell({ type: 'closed' })
  }

  #end(): void {
    this.#isClosing = true
    this.#isClosed = true
    this.#stopTicking()
    this.#primary = null
    this.#links.close()
    this.#sleeper.interrupt()
  }

  /**
   * Runs until the end: whenever the primary is lost, tries what is open, then every address. The
   * end is also when each of them has refused this connection for good.
   */
  async #keepPrimary(): Promise<void> {
    const backoff = new Backoff(this.#platform.randomPart)
    while (!this.#isClosed) {
      const lost = new Promise<HoldfastError>((resolve) => {
        this.#primaryLost = resolve
      })
      if (this.#primary?.isOpen !== true) {
        this.#primaryLost(new HoldfastError('CONNECTION_CLOSED', { reason: 'it broke' }))
      }
      const error = await lost
      if (this.#isClosed) return
      this.#dropPrimary(error)
      let refusals = 0
      for (let attempt = 1; !this.#isClosed; attempt++) {
        const found = await this.#findLink()
        if (!(found instanceof HoldfastError)) {
          backoff.reset()
          // Before the requests that wait, of which some wait for this.
          this.#declareAgain()
          this.#usePrimary(found)
          break
        }
        // A node asks the cluster before it refuses a login: none that lags refuses a good one.
        refusals = found.row.retry === 'never' ? refusals + 1 : 0
        if (refusals >= this.#links.addresses.length) return this.#abandon(found)
        const isRoundOver = attempt % this.#links.addresses.length === 0
        if (isRoundOver) await this.#sleeper.sleep(backoff.nextMs())
      }
    }
  }

  async #findLink(): Promise<Link | HoldfastError> {
    try {
      const link = await this.#links.open()
      return link.isOpen ? link : new HoldfastError('CONNECTION_CLOSED', { reason: 'it broke' })
    } catch (error) {
      const coded = HoldfastError.from(error)
      this.publisher.detach(coded.message)
      return coded
    }
  }

  #usePrimary(link: Link): void {
    this.#primary = link
    this.publisher.attach(link)
    this.#requester.attach(link)
    this.#tell({ type: 'connected', node: link.node, address: link.address })
    this.#turn.schedule()
  }

  #dropPrimary(error: HoldfastError): void {
    this.#primary = null
    this.publisher.detach(error.message)
    this.#requester.detach()
    this.#tell({ type: 'disconnected', error })
  }

  /** In the background: publishes that wait do not wait for it. */
  #declareAgain(): void {
    for (const request of this.#declarations.requests) {
      this.#requester.request(request).catch((error: unknown) => {
        if (!this.#isClosing) {
          this.#tell({ type: 'declaration-failed', error: HoldfastError.from(error) })
        }
      })
    }
  }

  #consumerHost(): ConsumerHost {
    return {
      platform: this.#platform,
      locate: async (name) => {
        const { leader } = await this.#requester.request({ type: 'locate-queue', name })
        return leader
      },
      openNode: (node) => this.#links.openNode(node),
      attached: (queue, node) => this.#tell({ type: 'consumer-attached', queue, node }),
      detached: (queue, error) => {
        if (!this.#isClosing) this.#tell({ type: 'consumer-detached', queue, error })
      },
      settlementFailed: (queue, error) => {
        this.#tell({ type: 'settlement-failed', queue, error })
      },
      ended: (session, error) => this.#consumerEnded(session, error),
      schedule: () => this.#turn.schedule()
    }
  }

  #consumerEnded(session: ConsumerSession, error: HoldfastError | null): void {
    this.#consumers.delete(session)
    const { queue } = session.settings
    const isUsed = [...this.#consumers].some(({ settings }) => settings.queue === queue)
    // Where the broker ended it, an exclusive queue may just be declared anew.
    if (error === null && !isUsed) this.#declarations.forgetUnused(queue)
  }

  /** The end of a turn: everything that was published, settled and asked in it leaves. */
  #flush(): void {
    this.publisher.flush()
    for (const consumer of this.#consumers) consumer.flush()
    this.#links.flush()
  }

  #tick(): void {
    this.#links.tick()
    this.publisher.tick()
    this.#requester.tick()
    this.#flush()
  }

  #tell(status: ConnectionStatus): void {
    try {
      this.#options.onStatus(status)
    } catch {
      // The application's listener is not allowed to break the connection it watches.
    }
  }

  #refuseIfClosing(): void {
    if (!this.#isClosing) return
    throw new HoldfastError('CONNECTION_CLOSED', { reason: this.#endReason })
  }
}
