// Direct reply-to (RabbitMQ): a client that asks is sent the answers on its connection, with no
// queue between. An address names the node, the connection there and the consumer on it, and holds
// a secret: who was not told it reaches nobody. Replies live in memory only: one whose receiver is
// gone, or does not read, is dropped, and so is one for a node that takes them too slowly.
import type { PublishBatch } from '@holdfast/amqp'
import type { DeliveryRun } from '@holdfast/protocol'
import type { Core } from '../core.ts'
import { limits } from '../limits.ts'
import { tell } from '../relaying/tell.ts'

const form = /^amq\.rabbitmq\.reply-to\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.[0-9a-f]{22}==$/

export interface ReplyAddress {
  readonly node: number
  readonly connection: number
  readonly consumer: number
  /** All of it, as it must be known. */
  readonly text: string
}

/** The address of replies to a consumer of a connection at this node: another each time. */
export function newReplyAddress(core: Core, connection: number, consumer: number): string {
  const node = core.identity?.node ?? 0
  const secret = (draw(core) + draw(core) + draw(core)).slice(0, 22)
  // RabbitMQ's end like this, which suites of clients compare.
  return `amq.rabbitmq.reply-to.${node}.${connection}.${consumer}.${secret}==`
}

/** 32 random bits. */
function draw({ options }: Core): string {
  return Math.floor(options.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}

/** Null if it is none. */
export function readReplyAddress(text: string): ReplyAddress | null {
  const parts = form.exec(text)
  if (parts === null) return null
  const [node = 0, connection = 0, consumer = 0] = parts.slice(1).map(Number)
  return { node, connection, consumer, text }
}

export class Replies {
  readonly #core: Core
  /** Bytes of replies that went to other nodes, and are not known to have come there. */
  readonly #untaken = new Map<number, number>()

  constructor(core: Core) {
    this.#core = core
  }

  /** Sends replies to whom they are for. False: it is an ordinary publish. */
  send(vhost: string, { exchange, routingKey, count, blob }: PublishBatch): boolean {
    const address = exchange === '' ? readReplyAddress(routingKey) : null
    if (address === null) return false
    const { node } = address
    if (!this.#count(node, blob.length)) return true
    // The exchange is the default one, hence its field tells the vhost: replies stay within it.
    const run = { consumer: 0, exchange: vhost, routingKey, firstOffset: 1, count, attempt: 0 }
    tell(this.#core, node, { type: 'deliver', run: { ...run, deliveryCount: 0, blob } })
    return true
  }

  /** Whether so many bytes more may be on their way to the node. */
  #count(node: number, bytes: number): boolean {
    const { identity, peers } = this.#core
    if (node === identity?.node) return true
    const untaken = this.#untaken.get(node) ?? 0
    if (untaken >= limits.replyBytesMax || !peers.canCall(node)) return false
    this.#untaken.set(node, untaken + bytes)
    return true
  }

  /** So many bytes of them have come to the node. */
  taken(node: number, bytes: number): void {
    const untaken = this.#untaken.get(node) ?? 0
    if (untaken > bytes) this.#untaken.set(node, untaken - bytes)
    else this.#untaken.delete(node)
  }

  /** What was on its way is lost, or comes without word of it. */
  linkDown(node: number): void {
    this.#untaken.delete(node)
  }

  /** Replies reached this node. */
  received(from: number, run: DeliveryRun): void {
    const { identity, sessions } = this.#core
    const { exchange: vhost, routingKey, blob } = run
    if (from !== identity?.node) {
      const bytes = blob.length
      tell(this.#core, from, { type: 'relay-taken', attachment: 0, bytes })
    }
    const address = readReplyAddress(routingKey)
    if (address === null) return
    const session = sessions.replyReceiver(vhost, address)
    if (session === null) return
    sessions.guard(session, () => {
      session.consumers.reply(address.consumer, { ...run, exchange: '' })
    })
  }

  /** Whether somebody may listen there: of another node that is up, nobody here knows. */
  hasReceiver(vhost: string, address: ReplyAddress): boolean {
    const { identity, peers, sessions } = this.#core
    if (address.node !== identity?.node) return peers.canSend(address.node)
    return sessions.replyReceiver(vhost, address) !== null
  }
}
