// How a consumer finds the node that leads its queue: it asks the primary who that is, and believes
// nodes that name another.
import { HoldfastError } from '@holdfast/errors'
import type { ConsumerHost } from './consumer-host.ts'
import type { Link } from './link.ts'

/** What is wrong with a login is so at every node, unlike what else a node refuses for good. */
const loginCodes: readonly string[] = [
  'AUTHENTICATION_FAILED',
  'CREDENTIALS_REQUIRED',
  'VHOST_NOT_FOUND',
  'VHOST_ACCESS_REFUSED'
]

/** Hints that are followed in a row without a pause. */
const hopsMax = 3

/** An error of the broker that trying again cannot mend, told apart from those of links. */
export class Fatal extends Error {
  readonly error: HoldfastError

  constructor(error: HoldfastError) {
    super(error.message)
    this.error = error
  }
}

export class LeaderSearch {
  readonly #queue: string
  readonly #host: Pick<ConsumerHost, 'locate' | 'openNode'>
  #hint: number | null = null
  #hops = 0

  constructor(queue: string, host: Pick<ConsumerHost, 'locate' | 'openNode'>) {
    this.#queue = queue
    this.#host = host
  }

  /** The link was to the leader: hints are believed anew. */
  found(): void {
    this.#hops = 0
  }

  /**
   * True if the error names a leader to ask at once; nodes that name each other are not believed.
   */
  hintFrom(error: HoldfastError): boolean {
    const leader = error.code === 'NOT_LEADER' ? Number(error.details['leader']) : 0
    const isNews = leader > 0 && leader !== this.#hint && this.#hops < hopsMax
    this.#hops = isNews ? this.#hops + 1 : 0
    this.#hint = isNews ? leader : null
    return isNews
  }

  /** A link to who should be the leader. @throws Fatal, or an error after which to try again */
  async open(): Promise<Link> {
    const node = this.#hint ?? (await this.#locate())
    if (node === null) {
      throw new HoldfastError('UNAVAILABLE', { reason: `queue '${this.#queue}' has no leader` })
    }
    try {
      return await this.#host.openNode(node)
    } catch (error) {
      const coded = HoldfastError.from(error)
      throw loginCodes.includes(coded.code) ? new Fatal(coded) : coded
    }
  }

  async #locate(): Promise<number | null> {
    try {
      return await this.#host.locate(this.#queue)
    } catch (error) {
      const coded = HoldfastError.from(error)
      throw coded.row.retry === 'never' ? new Fatal(coded) : coded
    }
  }
}
