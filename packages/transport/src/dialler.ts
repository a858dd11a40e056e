// Keeps one link to one peer in one lane: dials, dials again when it breaks, and waits between
// failed attempts, longer each time and never quite as long as the others do.
import type { Lane, PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'
import { type Dialled, dialLink } from './dial.ts'
import type { TransportTiming } from './limits.ts'
import type { Link } from './link.ts'
import type { TlsSource } from './tls-source.ts'

export interface DiallerOptions {
  readonly node: number
  readonly lane: Lane
  readonly address: string
  readonly token: string
  readonly tls: TlsSource | null
  readonly timing: TransportTiming
  readonly random: () => number
  /** How this node introduces itself at present. */
  readonly hello: () => PeerHello
  /** Makes a link of what was dialled, or returns null if the peer is not the one wanted. */
  readonly linked: (dialled: Dialled) => Link | null
  readonly failed: (error: Error) => void
}

export class Dialler {
  readonly #options: DiallerOptions
  readonly #abort = new AbortController()
  #timer: NodeJS.Timeout | null = null
  #failures = 0
  #upSince = 0
  link: Link | null = null

  constructor(options: DiallerOptions) {
    this.#options = options
    this.#dial()
  }

  /** Stops dialling and ends the link. */
  stop(): void {
    this.#abort.abort()
    if (this.#timer !== null) clearTimeout(this.#timer)
    const link = this.link
    this.link = null
    link?.close('the peer is no longer wanted')
  }

  /**
   * The link broke. The first dial after a break is immediate, since a refusal tells that the
   * process of the peer is gone; a link that breaks again and again waits.
   */
  broken(): void {
    this.link = null
    if (this.#abort.signal.aborted) return
    if (performance.now() - this.#upSince >= this.#options.timing.healthyMs) this.#failures = 0
    if (this.#failures === 0) this.#dial()
    else this.#later()
  }

  #dial(): void {
    this.#timer = null
    const { address, token, tls, timing, lane, node } = this.#options
    dialLink(
      {
        address,
        token,
        tls,
        hello: this.#options.hello(),
        timeoutMs: timing.handshakeTimeoutMs,
        signal: this.#abort.signal
      },
      lane,
      node
    ).then(
      (dialled) => this.#dialled(dialled),
      (error: Error) => this.#failed(error)
    )
  }

  #dialled(dialled: Dialled): void {
    if (this.#abort.signal.aborted) {
      dialled.socket.destroy()
      return
    }
    this.#upSince = performance.now()
    this.#failures++
    this.link = this.#options.linked(dialled)
    if (this.link !== null) return
    dialled.socket.destroy()
    this.#failed(new HoldfastError('UNAVAILABLE', { reason: 'another node answers there' }))
  }

  #failed(error: Error): void {
    if (this.#abort.signal.aborted) return
    this.#failures++
    this.#options.failed(error)
    this.#later()
  }

  #later(): void {
    const { backoffMinMs, backoffMaxMs } = this.#options.timing
    const most = Math.min(backoffMaxMs, backoffMinMs * 2 ** Math.min(this.#failures, 16))
    const delayMs = most / 2 + this.#options.random() * (most / 2)
    this.#timer = setTimeout(() => this.#dial(), delayMs)
  }
}
