// Room on the way to each peer that several senders share: the groups of a node, or its streams.
// What has no answer yet is bounded over all of them, hence so is what may wait on a link. Whoever
// finds no room is looked at before the others the next time, in turn, and until it has found some,
// nobody behind it takes what comes free for that peer.

export class SharedRoom<Sender> {
  readonly #bytesMax: number
  readonly #underWayTo: (peer: number) => number
  #line = new Set<Sender>()
  /** Peers for which somebody has found no room in this look. */
  readonly #awaited = new Set<number>()

  /** `underWayTo`: bytes that all senders have on the way to a peer, without an answer. */
  constructor(bytesMax: number, underWayTo: (peer: number) => number) {
    this.#bytesMax = bytesMax
    this.#underWayTo = underWayTo
  }

  /** Begins a look at all senders: in which order. */
  inTurn(senders: Iterable<Sender>): Iterable<Sender> {
    this.#awaited.clear()
    if (this.#line.size === 0) return senders
    const all = new Set(senders)
    const line = [...this.#line].filter((sender) => all.has(sender))
    this.#line = new Set()
    return new Set([...line, ...all])
  }

  /**
   * Whether a sender may send so many bytes to a peer now; if not, it is in line. Where nothing is
   * under way, one item of any size may go.
   */
  admits(sender: Sender, peer: number, bytes: number): boolean {
    if (!this.#awaited.has(peer)) {
      const underWay = this.#underWayTo(peer)
      if (underWay === 0 || underWay + bytes <= this.#bytesMax) return true
    }
    this.#line.add(sender)
    this.#awaited.add(peer)
    return false
  }
}
