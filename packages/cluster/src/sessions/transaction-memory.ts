// What transactions of AMQP clients take of a node's memory, from the first publish to the outcome
// of the commit, which a client that has left does not wait for. Who would have to commit before it
// may go on cannot be paused: above the bound it is refused. One client cannot fill the memory of
// all, and where several do, those that gather little go on.
import { HoldfastError, type WireError } from '@holdfast/errors'
import { limits } from '../limits.ts'

/** Of a node. */
export class TransactionMemory {
  #bytes = 0

  /** A client's grew or shrank, to `own` bytes. Null: it may go on. */
  changed(change: number, own: number): WireError | null {
    this.#bytes += change
    if (change <= 0) return null
    const { transactionsBytesMax, clientTransactionsBytesMax, transactionsBytesFree } = limits
    const isClientFull = own > clientTransactionsBytesMax
    const isNodeFull = this.#bytes > transactionsBytesMax && own > transactionsBytesFree
    if (!isClientFull && !isNodeFull) return null
    const limit = isClientFull ? clientTransactionsBytesMax : transactionsBytesMax
    const where = isClientFull ? 'of one connection' : 'at this node'
    const kind = `bytes in transactions ${where} that are not committed`
    return new HoldfastError('LIMIT_REACHED', { limit, kind }).toWire()
  }
}

/** Of a client. */
export class TransactionAccount {
  readonly #node: TransactionMemory
  readonly #gathered: () => number
  #gatheredBytes = 0
  #committingBytes = 0

  /** `gathered` tells what is in transactions that no commit was asked for. */
  constructor(node: TransactionMemory, gathered: () => number) {
    this.#node = node
    this.#gathered = gathered
  }

  get #bytes(): number {
    return this.#gatheredBytes + this.#committingBytes
  }

  /** Null: the client may go on. */
  count(): WireError | null {
    return this.#change(0)
  }

  /**
   * A commit begins, of what was gathered, and is counted until `end`. Null: it may go on; what was
   * counted before is never too much.
   */
  begin(bytes: number): WireError | null {
    return this.#change(bytes)
  }

  /** The commit has its outcome. */
  end(bytes: number): void {
    this.#change(-bytes)
  }

  #change(committing: number): WireError | null {
    const before = this.#bytes
    this.#gatheredBytes = this.#gathered()
    this.#committingBytes += committing
    return this.#node.changed(this.#bytes - before, this.#bytes)
  }
}
