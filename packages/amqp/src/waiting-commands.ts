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
  #commands: Command[] = []
  #bytes = 0

  get count(): number {
    return this.#commands.length
  }

  /** What they take in memory. */
  get bytes(): number {
    return this.#bytes
  }

  /** @throws 506 at twice the bound at which reading should stop: somebody read on all the same. */
  push(command: Command): void {
    this.#bytes += bytesOf(command)
    this.#commands.push(command)
    const { length } = this.#commands
    const { waitingMethodsMax, waitingBytesMax } = amqpLimits
    if (length < 2 * waitingMethodsMax && this.#bytes < 2 * waitingBytesMax) return
    const explanation = `${length} methods, ${this.#bytes} bytes, wait for an answer to another`
    throw new AmqpError('RESOURCE_ERROR', explanation)
  }

  shift(): Command | undefined {
    const command = this.#commands.shift()
    if (command !== undefined) this.#bytes -= bytesOf(command)
    return command
  }

  clear(): void {
    this.#commands = []
    this.#bytes = 0
  }
}
