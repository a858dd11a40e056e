// The other nodes: which links lead to them, and what goes out next. Small messages to one node
// gather in one frame a step and lane, so that the heartbeats of all groups cost one frame a peer.

import type { Core } from '../core.ts'
import type { Input, Lane } from '../input.ts'
import { limits } from '../limits.ts'
import type { ByteWriter } from './byte-writer.ts'
import { frameHeaderBytes, type PeerMessage, startFrame, writePeerMessage } from './peer-codec.ts'

export interface Link {
  readonly link: number
  readonly lane: Lane
  readonly direction: 'in' | 'out'
  /** Null while the peer is blank. */
  readonly node: number | null
  readonly incarnation: number | null
  /** Where the node at the other end says that it listens to its peers. */
  readonly address: string
  readonly isDamaged: boolean
}

interface Frame {
  readonly node: number
  readonly lane: Lane
  readonly after: number | null
  readonly writer: ByteWriter
}

export class Peers {
  readonly #core: Core
  readonly #links = new Map<number, Link>()
  #frames: Frame[] = []

  constructor(core: Core) {
    this.#core = core
  }

  links(): IterableIterator<Link> {
    return this.#links.values()
  }

  link(link: number): Link | undefined {
    return this.#links.get(link)
  }

  up(input: Extract<Input, { type: 'peer-up' }>): Link {
    const { link, lane, direction, hello } = input
    const { node, incarnation } = hello
    const isDamaged = hello.isDamaged === true
    const address = hello.peer
    const entry: Link = { link, lane, direction, node, incarnation, address, isDamaged }
    this.#links.set(link, entry)
    return entry
  }

  down(link: number): Link | undefined {
    const entry = this.#links.get(link)
    this.#links.delete(link)
    return entry
  }

  /** Whether a message beside Raft's that is sent now has a link to travel on. */
  canSend(node: number): boolean {
    return this.#has(node, 'gateway', 'out')
  }

  /** Whether an answer has a link to come back on, too: it travels on the other node's own. */
  canCall(node: number): boolean {
    return this.canSend(node) && this.#has(node, 'gateway', 'in')
  }

  /** Whether the node can do all that members do: a replica votes and answers in the Raft lane. */
  isUp(node: number): boolean {
    if (this.isDamaged(node)) return false
    return this.canCall(node) && this.#has(node, 'raft', 'out') && this.#has(node, 'raft', 'in')
  }

  /** Whether the node says that its data is damaged: what it has intact can be asked for. */
  isDamaged(node: number): boolean {
    for (const link of this.#links.values()) if (link.node === node && link.isDamaged) return true
    return false
  }

  #has(node: number, lane: Lane, direction: Link['direction']): boolean {
    for (const link of this.#links.values()) {
      if (link.node === node && link.lane === lane && link.direction === direction) return true
    }
    return false
  }

  close(link: number): void {
    this.#core.outputs.push({ type: 'peer-close', link })
  }

  /** Queues a message; it leaves at the end of the step, or when record `after` is durable. */
  send(node: number, message: PeerMessage, after: number | null = null): void {
    const lane: Lane = message.type === 'raft' ? 'raft' : 'gateway'
    const frame = this.#frame(node, lane, after)
    const { writer } = frame
    const sizeBefore = writer.size
    writePeerMessage(writer, message)
    if (writer.size < limits.peerFrameBytesMax) return
    this.#frames = this.#frames.filter((other) => other !== frame)
    // One that crosses the bound goes alone: it may be as large as a frame can be.
    if (sizeBefore > frameHeaderBytes) {
      this.#emit(frame, writer.take(sizeBefore))
      this.#emit(frame, [...startFrame(this.#core.clock.wallMs).take(), ...writer.take()])
    } else this.#emit(frame)
  }

  flush(): void {
    if (this.#frames.length === 0) return
    const frames = this.#frames
    this.#frames = []
    for (const frame of frames) this.#emit(frame)
  }

  #frame(node: number, lane: Lane, after: number | null): Frame {
    for (const frame of this.#frames) {
      if (frame.node === node && frame.lane === lane && frame.after === after) return frame
    }
    const frame = { node, lane, after, writer: startFrame(this.#core.clock.wallMs) }
    this.#frames.push(frame)
    return frame
  }

  #emit({ node, lane, after, writer }: Frame, chunks = writer.take()): void {
    this.#core.outputs.push({ type: 'peer-send', node, lane, chunks, after })
  }
}
