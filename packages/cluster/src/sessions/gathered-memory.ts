// What AMQP clients gather in a node's memory and have to go on with before it goes away:
// transactions, from the first publish to the outcome of the commit, which a client that has left
// does not wait for, and publishes whose bodies have not come in whole. Whoever has to go on cannot
// be paused: above the bound it is refused. One client cannot fill the memory of all, and where
// several do, those that gather little go on.
import type { Gathered } from '@holdfast/amqp'
import { HoldfastError, type WireError } from '@holdfast/errors'
import { limits } from '../limits.ts'

interface Bounds {
  /** Of all clients of a node, of one, and what every client may have, whatever others have. */
  readonly nodeBytesMax: number
  readonly clientBytesMax: number
  readonly freeBytes: number
  /** What there is too much of, for whoever is told. */
  readonly kind: (where: string) => string
}

/** What the clients of a node have of one kind. */
class SharedMemory {
  readonly #bounds: Bounds
  #bytes = 0

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A client's grew or shrank, to `own` bytes. Null: it may go on. */
  changed(change: number, own: number): WireError | null {
    this.#bytes += change
    if (change <= 0) return null
    const { nodeBytesMax, clientBytesMax, freeBytes, kind } = this.#bounds
    const isClientFull = own > clientBytesMax
    const isNodeFull = this.#bytes > nodeBytesMax && own > freeBytes
    if (!isClientFull && !isNodeFull) return null
    const limit = isClientFull ? clientBytesMax : nodeBytesMax
    const where = isClientFull ? 'of one connection' : 'at this node'
    return new HoldfastError('LIMIT_REACHED', { limit, kind: kind(where) }).toWire()
  }
}

/** Of a node. */
export class GatheredMemory {
  readonly transactions: SharedMemory = new SharedMemory({
    nodeBytesMax: limits.transactionsBytesMax,
    clientBytesMax: limits.clientTransactionsBytesMax,
    freeBytes: limits.gatheredBytesFree,
    kind: (where) => `bytes in transactions ${where} that are not committed`
  })
  readonly contents: SharedMemory = new SharedMemory({
    nodeBytesMax: limits.contentsBytesMax,
    clientBytesMax: limits.clientContentsBytesMax,
    freeBytes: limits.gatheredBytesFree,
    kind: (where) => `bytes in publishes ${where} whose bodies are not complete`
  })
}

const nothing: Gathered = { transactionBytes: 0, contentBytes: 0 }

/** Of a client. */
export class GatheredAccount {
  readonly #node: GatheredMemory
  readonly #gathered: () => Gathered | null
  #transactionBytes = 0
  #committingBytes = 0
  #contentBytes = 0

  /** `gathered` tells what is there, without what a commit was asked for; null: it has left. */
  constructor(node: GatheredMemory, gathered: () => Gathered | null) {
    this.#node = node
    this.#gathered = gathered
  }

  /** Null: the client may go on. */
  count(): WireError | null {
    const { transactionBytes, contentBytes } = this.#gathered() ?? nothing
    const change = contentBytes - this.#contentBytes
    this.#contentBytes = contentBytes
    const tooMuch = this.#node.contents.changed(change, contentBytes)
    return this.#change(0, transactionBytes) ?? tooMuch
  }

  /**
   * A commit begins, of what was gathered, and is counted until `end`. Null: it may go on; what was
   * counted before is never too much.
   */
  begin(bytes: number): WireError | null {
    return this.#change(bytes, this.#gathered()?.transactionBytes ?? 0)
  }

  /** The commit has its outcome. */
  end(bytes: number): void {
    this.#change(-bytes, this.#gathered()?.transactionBytes ?? 0)
  }

  get #bytes(): number {
    return this.#transactionBytes + this.#committingBytes
  }

  #change(committing: number, transactionBytes: number): WireError | null {
    const before = this.#bytes
    this.#transactionBytes = transactionBytes
    this.#committingBytes += committing
    return this.#node.transactions.changed(this.#bytes - before, this.#bytes)
  }
}
