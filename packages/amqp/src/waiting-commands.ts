// The methods of one channel that came while another one was not answered, in their order.
import type { Content } from './content.ts'
import { amqpLimits } from './limits.ts'
import type { Method } from './method-codec.ts'
import { AmqpError } from './replies.ts'

/** A method with its content, if it has one. */
export interface Command {
  readonly method: Method
  readonly content: Content | null
}

const bytesOf = ({ content }: Command): number => content?.body.length ?? 0

export class WaitingCommands {
  #commands: Command[] = []
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Nothing more should be read from the client until some are done. */
  get isFull(): boolean {
    return this.#exceeds(1)
  }

  /** @throws 506 at twice the bound at which reading should stop: somebody read on all the same. */
  push(command: Command): void {
    this.#bytes += bytesOf(command)
    this.#commands.push(command)
    if (!this.#exceeds(2)) return
    const { length } = this.#commands
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

  #exceeds(times: number): boolean {
    const { waitingMethodsMax, waitingBytesMax } = amqpLimits
    return (
      this.#commands.length >= times * waitingMethodsMax || this.#bytes >= times * waitingBytesMax
    )
  }
}
