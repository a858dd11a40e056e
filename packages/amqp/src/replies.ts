// The reply codes of AMQP 0-9-1 (§1.2, constants) and what each of them ends. A soft error ends the
// channel it happened on, a hard one the connection; a soft error that belongs to no channel ends
// the connection too. Names and codes are the specification's; the explanation names the resource,
// what was asked, and what is: in RabbitMQ's words where suites of client libraries compare them.
import { catalogue, type ErrorCode, HoldfastError, type WireError } from '@holdfast/errors'

export interface ReplyRow {
  readonly code: number
  readonly closes: 'channel' | 'connection'
}

// biome-ignore format: one reply, one line, so that the table can be read down its columns.
export const replies = {
  CONTENT_TOO_LARGE: { code: 311, closes: 'channel' },
  NO_ROUTE: { code: 312, closes: 'channel' },
  NO_CONSUMERS: { code: 313, closes: 'channel' },
  CONNECTION_FORCED: { code: 320, closes: 'connection' },
  INVALID_PATH: { code: 402, closes: 'connection' },
  ACCESS_REFUSED: { code: 403, closes: 'channel' },
  NOT_FOUND: { code: 404, closes: 'channel' },
  RESOURCE_LOCKED: { code: 405, closes: 'channel' },
  PRECONDITION_FAILED: { code: 406, closes: 'channel' },
  FRAME_ERROR: { code: 501, closes: 'connection' },
  SYNTAX_ERROR: { code: 502, closes: 'connection' },
  COMMAND_INVALID: { code: 503, closes: 'connection' },
  CHANNEL_ERROR: { code: 504, closes: 'connection' },
  UNEXPECTED_FRAME: { code: 505, closes: 'connection' },
  RESOURCE_ERROR: { code: 506, closes: 'connection' },
  NOT_ALLOWED: { code: 530, closes: 'connection' },
  NOT_IMPLEMENTED: { code: 540, closes: 'connection' },
  INTERNAL_ERROR: { code: 541, closes: 'connection' }
} as const

replies satisfies Readonly<Record<string, ReplyRow>>

export type ReplyName = keyof typeof replies

const namesByCode: ReadonlyMap<number, ReplyName> = new Map(
  Object.entries(replies).map(([name, { code }]) => [code, name as ReplyName])
)

/** Longest reply text: a shortstr. */
const textBytesMax = 255

/** What an AMQP client did wrong, or met: ends a channel or the connection, with a reply. */
export class AmqpError extends Error {
  override readonly name = 'AmqpError'
  readonly reply: ReplyName

  constructor(reply: ReplyName, explanation: string, options?: ErrorOptions) {
    super(replyText(reply, explanation), options)
    this.reply = reply
  }

  get code(): number {
    return replies[this.reply].code
  }

  get closes(): 'channel' | 'connection' {
    return replies[this.reply].closes
  }

  /** For borders: what is neither ours nor of the catalogue becomes 541, its cause kept. */
  static from(error: unknown): AmqpError {
    if (error instanceof AmqpError) return error
    const { code, message } = HoldfastError.from(error)
    return new AmqpError(replyOf(code), message, { cause: error })
  }

  /** What an error of the catalogue is in AMQP: its reply code, 541 where it has none. */
  static fromWire({ code, message }: WireError): AmqpError {
    return new AmqpError(replyOf(code), message)
  }
}

function replyOf(code: string): ReplyName {
  if (!Object.hasOwn(catalogue, code)) return 'INTERNAL_ERROR'
  return namesByCode.get(catalogue[code as ErrorCode].reply ?? 0) ?? 'INTERNAL_ERROR'
}

/** `<NAME> - <explanation>`, at most 255 bytes of UTF-8, cut between two characters. */
export function replyText(reply: ReplyName, explanation: string): string {
  let text = ''
  let bytes = 0
  for (const character of `${reply} - ${explanation}`) {
    const point = character.codePointAt(0) ?? 0
    // Half of a surrogate pair has no UTF-8.
    const isWhole = point < 0xd800 || point > 0xdfff
    bytes += !isWhole || point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    if (bytes > textBytesMax) return text
    text += isWhole ? character : '?'
  }
  return text
}
