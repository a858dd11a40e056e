// Where a blank node takes a place in a cluster. One offer at a time; it is answered when the
// identity is durable, and an offer that repeats the identity is answered at once, since its answer
// was lost.
import type { AdoptOffer, PeerHello } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'

export class AdoptionDesk {
  readonly #hello: () => PeerHello
  readonly #offered: (offer: AdoptOffer) => void
  #pending: { offer: AdoptOffer; waiting: (() => void)[] } | null = null

  /** `offered` is called with each new offer; `identified` says when it has been taken. */
  constructor(hello: () => PeerHello, offered: (offer: AdoptOffer) => void) {
    this.#hello = hello
    this.#offered = offered
  }

  /**
   * Resolves with the new hello once the offer's identity is durable.
   * @throws NODE_ALREADY_MEMBER, NODE_OF_ANOTHER_CLUSTER, UNAVAILABLE (another offer came first)
   */
  async take(offer: AdoptOffer): Promise<PeerHello> {
    if (this.#hello().clusterId === null) await this.#wait(offer)
    const hello = this.#hello()
    if (hello.clusterId !== offer.clusterId) {
      throw new HoldfastError('NODE_OF_ANOTHER_CLUSTER', {
        address: hello.peer,
        clusterId: hello.clusterId ?? 'none'
      })
    }
    if (hello.node !== offer.node || hello.incarnation !== offer.incarnation) {
      throw new HoldfastError('NODE_ALREADY_MEMBER', {
        address: hello.peer,
        node: hello.node ?? 0
      })
    }
    return hello
  }

  /** The hello changed. */
  identified(): void {
    if (this.#hello().clusterId === null || this.#pending === null) return
    const { waiting } = this.#pending
    this.#pending = null
    for (const resolve of waiting) resolve()
  }

  #wait(offer: AdoptOffer): Promise<void> {
    const pending = this.#pending
    if (pending !== null && !isSame(pending.offer, offer)) {
      throw new HoldfastError('UNAVAILABLE', { reason: 'this node takes another offer already' })
    }
    return new Promise((resolve) => {
      if (pending !== null) {
        pending.waiting.push(resolve)
        return
      }
      this.#pending = { offer, waiting: [resolve] }
      this.#offered(offer)
    })
  }
}

function isSame(left: AdoptOffer, right: AdoptOffer): boolean {
  return (
    left.clusterId === right.clusterId &&
    left.node === right.node &&
    left.incarnation === right.incarnation
  )
}
