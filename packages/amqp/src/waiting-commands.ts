// The methods of one channel that came while another one was not answered, in their order.
import type { Content } from './content.ts'
import { amqpLimits } from './limits.ts'
import type { Method } from './method-codec.ts'
import { AmqpError } from './replies.ts'

/** A method with its content, if it has one. */
export interface Command {
  readonly method: Method
  /** Of its frame, before it was read. */
  readonly methodBytes: number
  readonly content: Content | null
}

/** What a byte of a method may take in memory at most: a field of one byte becomes an object. */
const memoryPerByte = 32

function bytesOf({ methodBytes, content }: Command): number {
  const contentBytes = content === null ? 0 : content.properties.length + content.body.length
  return methodBytes * memoryPerByte + contentBytes
}

export class WaitingCommands {
  /** Those that have left are undefined, before the place of the oldest. */
  #commands: (Command | undefined)[] = []
  #first = 0
  #bytes = 0

  get count(): number {
    return this.#commands.length - this.#first
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /**
   * @throws 506 where more waits than the bound at which reading should stop, and what a socket may
   * have brought by then: somebody read on all the same.
   */
  push(command: Command): void {
    this.#bytes += bytesOf(command)
    this.#commands.push(command)
    const { waitingBytesMax, turnBytesMax } = amqpLimits
    if (this.#bytes < waitingBytesMax + turnBytesMax * memoryPerByte) return
    const explanation = `${this.count} methods, ${this.#bytes} bytes, wait for an answer to another`
    throw new AmqpError('RESOURCE_ERROR', explanation)
  }

  shift(): Command | undefined {
    const command = this.#commands[this.#first]
    if (command === undefined) return undefined
    this.#bytes -= bytesOf(command)
    this.#commands[this.#first] = undefined
    this.#first++
    // All are moved only once half have left: a long queue would be moved for each of them.
    if (2 * this.#first >= this.#commands.length) {
      this.#commands = this.#commands.slice(this.#first)
      this.#first = 0
    }
    return command
  }

  clear(): void {
    this.#commands = []
    this.#first = 0
    this.#bytes = 0
  }
}
