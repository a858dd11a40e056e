// One channel (AMQP 0-9-1 channel): takes its frames in, keeps their order, and hands each method
// to the file of its class. A method that asks the member for something holds up those behind it
// until it is answered. After an error nothing counts but the client's close-ok.

import type { WireError } from '@holdfast/errors'
import type { Answer, ChannelHost } from './channel-host.ts'
import { CommandReader } from './command-reader.ts'
import type { Confirms } from './confirms.ts'
import { type ChannelConsumer, Consumers } from './consumers.ts'
import { methodIdIn } from './frame-codec.ts'
import { type Method, type MethodId, methodIdOf, noMethod } from './method-codec.ts'
import { handleMethod } from './methods/dispatch.ts'
import { PublishBarrier } from './publish-barrier.ts'
import { AmqpError } from './replies.ts'
import { noAnswer } from './request-table.ts'
import type { AmqpRequest, AmqpResults, Outcome, RequestName, RequestOf } from './requests.ts'
import type { Transaction } from './transaction.ts'
import { settlementsOf, UnsettledDeliveries, type UnsettledDelivery } from './unsettled.ts'
import { type Command, WaitingCommands } from './waiting-commands.ts'

export class Channel {
  readonly number: number
  readonly host: ChannelHost
  readonly unsettled: UnsettledDeliveries = new UnsettledDeliveries()
  readonly consumers: Consumers
  readonly barrier: PublishBarrier = new PublishBarrier()
  /** Numbers under which `get` was asked for, and may hold deliveries. */
  readonly getters: Set<number> = new Set()
  /** The publish that ended the channel: those behind it never counted. */
  failed: { readonly sequence: number; readonly error: WireError } | null = null
  confirms: Confirms | null = null
  transaction: Transaction | null = null
  /** Of the consumers that are started from here on; 0 is no limit. */
  prefetch = 0
  /** What an empty queue name means; empty before the first declaration. */
  lastQueue = ''
  /** Where replies to this channel go, and the tag that consumes them. */
  replyAddress: string | null = null
  replyTag: string | null = null
  /** The close has come, which may wait for what came before it: deliveries are for nobody. */
  isClosedByClient = false
  /** `leaving`: the client's close is answered when what it published has its outcome. */
  #state: 'open' | 'leaving' | 'ending' | 'closing' | 'closed' = 'open'
  readonly commands: CommandReader = new CommandReader()
  /** Of the method that is being handled. */
  #runningId: MethodId = noMethod
  /** The member was asked, and has not answered; everything else waits for it. */
  #isWaiting = false
  readonly #waiting = new WaitingCommands()

  constructor(number: number, host: ChannelHost) {
    this.number = number
    this.host = host
    this.consumers = new Consumers(number, host.writer, this.unsettled)
  }

  /** The client is told what becomes of what it published, and may be told of an error. */
  get isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'leaving'
  }

  /** The member has to answer before anything else is looked at. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Methods that wait for the answer to another one. */
  get waiting(): { readonly count: number; readonly bytes: number } {
    return this.#waiting
  }

  /** Takes one frame of this channel. What is wrong with it ends the channel or the connection. */
  receive(type: number, payload: Uint8Array): void {
    if (this.#state !== 'open') return this.#receiveAtEnd(type, payload)
    const methodId = this.commands.methodIdOf(type, payload)
    this.#guard(methodId, () => {
      const command = this.commands.take(type, payload)
      if (command !== null) this.#take(command)
    })
  }

  write(method: Method): void {
    this.host.writer.method(this.number, method)
  }

  /** Answers a method unless it came with nowait. */
  reply(isNowait: boolean, method: Method): void {
    if (!isNowait) this.write(method)
  }

  /**
   * Asks the member, once what was published has its outcome; nothing else of this channel is
   * looked at until it has answered. With a code of `settledBy`, a refusal counts as done: `done`
   * gets null.
   */
  request<Name extends RequestName>(
    request: RequestOf<Name>,
    done: (result: AmqpResults[Name]) => void,
    settledBy?: (error: AmqpError) => boolean
  ): void {
    const methodId = this.#runningId
    this.#isWaiting = true
    const answer = (work: () => void): void => this.#goOn(methodId, work)
    const to: Answer = {
      done: (result) => {
        if (this.isOpen) answer(() => done(result as AmqpResults[Name]))
        else this.#abandon(request.type, result)
      },
      refused: (error) => {
        if (!this.isOpen) return
        answer(() => {
          if (settledBy?.(error) !== true) throw error
          done(null as AmqpResults[Name])
        })
      }
    }
    this.barrier.wait(() => this.host.request(this.number, request as AmqpRequest, to))
  }

  /** What is answered here comes behind what was published as well, and holds up what follows. */
  afterPublishes(work: () => void): void {
    if (this.barrier.isClear) return work()
    const methodId = this.#runningId
    this.#isWaiting = true
    this.barrier.wait(() => this.#goOn(methodId, work))
  }

  /**
   * What settles a delivery comes behind what was published, which may end the channel: then the
   * delivery goes back to its queue. It does not wait for outcomes.
   */
  afterRouting(work: () => void): void {
    const { lastSequence } = this.barrier
    if (this.host.progress.isRouted(lastSequence)) return work()
    const methodId = this.#runningId
    this.#isWaiting = true
    this.host.progress.wait(lastSequence, () => {
      if (this.isOpen) this.#goOn(methodId, work)
    })
  }

  settle(deliveries: readonly UnsettledDelivery[], outcome: Outcome): void {
    for (const settlement of settlementsOf(deliveries, outcome)) this.host.settle(settlement)
    this.noteSettled(deliveries)
  }

  /** The member knows that these deliveries are settled: their credit is free again. */
  noteSettled(deliveries: readonly UnsettledDelivery[]): void {
    const ended = this.consumers.settled(deliveries)
    if (ended.length > 0) this.release(ended)
  }

  /** A consumer of this channel gets no more: by the client's wish, once the member knows it. */
  cancelled(consumer: ChannelConsumer): void {
    const { isEnded, waiting } = this.consumers.cancel(consumer)
    if (waiting !== null) this.host.settle(waiting)
    if (isEnded) this.release([consumer.number])
    this.#forgetReplies(consumer.tag)
  }

  /** The member ended a consumer: its tag, if the client does not know of its end yet. */
  endConsumer(number: number): string | null {
    const tag = this.consumers.ended(number)
    if (tag !== null) this.#forgetReplies(tag)
    return tag
  }

  #forgetReplies(tag: string): void {
    if (tag === this.replyTag) this.replyAddress = null
  }

  /** Consumers that are at their end. */
  release(consumers: readonly number[]): void {
    this.host.request(this.number, { type: 'release', consumers }, noAnswer)
  }

  /** Ends the channel (or the connection, by a hard error) with a reply to the client. */
  fail(error: AmqpError, { classId, methodId }: MethodId = noMethod): void {
    if (!this.isOpen) return
    if (error.closes === 'connection') return this.host.fail(error, { classId, methodId })
    const held = this.#letGo('closing')
    if (held.length > 0) this.release(held)
    const { code: replyCode, message: replyText } = error
    this.write({ type: 'channel.close', replyCode, replyText, classId, methodId })
    if (this.isClosedByClient) this.write({ type: 'channel.close-ok' })
  }

  /**
   * The client closed the channel: answered once what it published has its outcome, and what it
   * held is back in its queues.
   */
  closeByClient(): void {
    this.#state = 'leaving'
    this.#isWaiting = true
    this.#waiting.clear()
    const end = (): void => {
      if (this.#state !== 'ending') return
      this.write({ type: 'channel.close-ok' })
      this.#end()
    }
    this.barrier.wait(() => {
      this.confirms?.write(this.host.writer, this.number)
      const held = this.#letGo('ending')
      if (held.length === 0) return end()
      const request = { type: 'release', consumers: held } as const
      this.host.request(this.number, request, { done: end, refused: end })
    })
  }

  /** The connection has ended. */
  drop(): void {
    this.#letGo('closed')
  }

  #end(): void {
    this.#state = 'closed'
    this.host.remove(this)
  }

  /** Forgets all that the channel owned: the numbers of consumers that hold something. */
  #letGo(state: 'ending' | 'closing' | 'closed'): readonly number[] {
    this.#state = state
    this.#isWaiting = false
    this.#waiting.clear()
    this.barrier.clear()
    this.transaction = null
    this.unsettled.takeAll()
    this.consumers.drop()
    return [...new Set([...this.consumers.numbers, ...this.getters])]
  }

  #receiveAtEnd(type: number, payload: Uint8Array): void {
    if (this.#state !== 'closing') return
    const { classId, methodId } = methodIdIn(type, payload)
    if (classId !== 20) return
    if (methodId === 41) this.#end()
    // Both sides closed at once.
    if (methodId === 40) this.write({ type: 'channel.close-ok' })
  }

  #take(command: Command): void {
    if (command.method.type === 'channel.close') this.isClosedByClient = true
    if (this.#isWaiting) this.#waiting.push(command)
    else this.#run(command)
  }

  #run({ method, content }: Command): void {
    const methodId = methodIdOf(method.type)
    this.#runningId = methodId
    this.#guard(methodId, () => handleMethod(this, method, content))
  }

  #goOn(methodId: MethodId, work: () => void): void {
    this.#isWaiting = false
    this.#runningId = methodId
    this.#guard(methodId, work)
    this.#resume()
  }

  #resume(): void {
    while (this.#state === 'open' && !this.#isWaiting) {
      const command = this.#waiting.shift()
      if (command === undefined) return
      this.#run(command)
    }
  }

  /** An answer for a channel that is gone: a consumer that it started ends at once. */
  #abandon(request: RequestName, result: unknown): void {
    if (request === 'consume' || request === 'consume-replies' || request === 'get') {
      this.release([(result as AmqpResults['consume' | 'get']).consumer])
    }
  }

  #guard(methodId: MethodId, work: () => void): void {
    try {
      work()
    } catch (error) {
      if (!(error instanceof AmqpError)) throw error
      this.fail(error, methodId)
    }
  }
}
