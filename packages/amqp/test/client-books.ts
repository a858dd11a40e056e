// The books of an AMQP client that reads everything literally, for the property test: what it was
// sent on each channel, and whether it should have been.
import { FrameReader, frameType } from '../src/frame-codec.ts'
import { decodeMethod, type Method } from '../src/method-codec.ts'

interface ChannelBooks {
  lastTag: number
  readonly consumers: Set<string>
  /** Publishes on a channel with confirms; null without. */
  published: number | null
  readonly confirmed: Set<number>
}

export class ClientBooks {
  readonly channels: Map<number, ChannelBooks> = new Map()
  /** Content that is due: a header, then bytes of a body. */
  #due: { channel: number; bytes: number | null } | null = null
  readonly #unanswered = new Set<number>()
  /** Channels that the client has closed, and was not told so. */
  readonly #closing = new Set<number>()
  isClosed = false

  /** @throws Error for whatever a server must not send */
  take(chunks: readonly Uint8Array[]): void {
    const reader = new FrameReader(200_000)
    for (const chunk of chunks) {
      reader.feed(chunk)
      while (reader.next()) this.#frame(reader.type, reader.channel, reader.payload)
    }
  }

  /** The client sends a line. */
  sent(line: string): void {
    const channel = Number(line[0])
    if (line.includes('channel.close-ok')) this.#unanswered.delete(channel)
    const books = this.channels.get(channel)
    if (books === undefined) return
    if (line.endsWith('channel.close')) this.#closing.add(channel)
    // With nowait nothing tells when it has begun.
    if (line.includes('consumerTag=quiet')) books.consumers.add('quiet')
    if (line.includes('confirm.select')) books.published ??= 0
    if (line.includes(' publish ') && books.published !== null) books.published++
  }

  /** The server closed this channel, and waits for close-ok. */
  owesCloseOk(channel: number): boolean {
    return this.#unanswered.has(channel)
  }

  #frame(type: number, channel: number, payload: Uint8Array): void {
    if (this.isClosed) throw new Error('a frame after the close')
    if (type === frameType.heartbeat) return
    if (type === frameType.method) {
      if (this.#due !== null) throw new Error('a method inside a content')
      return this.#method(channel, decodeMethod(payload))
    }
    const due = this.#due
    if (due === null || due.channel !== channel) throw new Error('content out of turn')
    if (type === frameType.header) {
      const size = payload.subarray(4, 12).reduce((total, byte) => total * 256 + byte, 0)
      due.bytes = size
    } else due.bytes = (due.bytes ?? 0) - payload.length
    if (due.bytes === 0) this.#due = null
  }

  #method(channel: number, method: Method): void {
    if (method.type === 'connection.close' || method.type === 'connection.close-ok') {
      this.isClosed = true
      return
    }
    if (channel === 0) return
    if (method.type === 'channel.open-ok') {
      if (this.#closing.has(channel)) throw new Error('a close without an answer')
      const books = { lastTag: 0, consumers: new Set<string>(), confirmed: new Set<number>() }
      this.channels.set(channel, { ...books, published: null })
      return
    }
    if (method.type === 'channel.close') {
      if (!this.channels.delete(channel)) throw new Error('a close of a closed channel')
      this.#unanswered.add(channel)
      return
    }
    if (method.type === 'channel.close-ok') {
      if (!this.#closing.delete(channel)) throw new Error('an answer to no close')
      this.channels.delete(channel)
      return
    }
    const books = this.channels.get(channel)
    if (books === undefined) throw new Error(`${method.type} on a closed channel`)
    this.#onChannel(channel, books, method)
  }

  #onChannel(channel: number, books: ChannelBooks, method: Method): void {
    switch (method.type) {
      case 'basic.consume-ok':
        books.consumers.add(method.consumerTag)
        return
      case 'basic.cancel-ok':
      case 'basic.cancel':
        books.consumers.delete(method.consumerTag)
        return
      case 'basic.deliver':
        if (!books.consumers.has(method.consumerTag)) throw new Error('a delivery out of turn')
        this.#delivered(channel, books, method.deliveryTag)
        return
      case 'basic.get-ok':
        this.#delivered(channel, books, method.deliveryTag)
        return
      case 'basic.return':
        this.#due = { channel, bytes: null }
        return
      case 'basic.ack':
      case 'basic.nack':
        confirm(books, method)
        return
      default:
        return
    }
  }

  #delivered(channel: number, books: ChannelBooks, tag: number): void {
    if (tag !== books.lastTag + 1) throw new Error(`tag ${tag} after ${books.lastTag}`)
    books.lastTag = tag
    this.#due = { channel, bytes: null }
  }
}

function confirm(
  { published, confirmed }: ChannelBooks,
  { deliveryTag, multiple }: { readonly deliveryTag: number; readonly multiple: boolean }
): void {
  if (published === null || deliveryTag > published) throw new Error('a confirm of nothing')
  if (!multiple && confirmed.has(deliveryTag)) throw new Error(`two outcomes of ${deliveryTag}`)
  for (let tag = multiple ? 1 : deliveryTag; tag <= deliveryTag; tag++) confirmed.add(tag)
}
