// What a name may be: 1 to 255 bytes of UTF-8, any characters (AMQP 0-9-1 shortstr). One place for
// vhosts, exchanges, queues, users and binding keys, used before a command is proposed and again in
// apply.
import { HoldfastError } from '@holdfast/errors'
import { utf8Length } from '@holdfast/record'
import { metadataLimits } from './limits.ts'

/** Names that begin so belong to the broker (AMQP 0-9-1 exchange.declare). */
export const reservedPrefix = 'amq.'

/** False for a string with half a surrogate pair, which has no UTF-8 form. */
export function isWellFormed(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0xd800 || unit > 0xdfff) continue
    const next = index + 1 < text.length ? text.charCodeAt(index + 1) : 0
    if (unit > 0xdbff || next < 0xdc00 || next > 0xdfff) return false
    index++
  }
  return true
}

/** Why `text` cannot be used where at most `bytesMax` bytes are allowed; null when it can. */
export function textFault(text: string, bytesMax: number): string | null {
  if (!isWellFormed(text)) return 'it is not valid UTF-8'
  if (text.length * 3 <= bytesMax) return null
  const bytes = utf8Length(text)
  return bytes > bytesMax ? `it has ${bytes} bytes` : null
}

/** @throws NAME_INVALID */
export function checkName(kind: 'vhost' | 'exchange' | 'queue' | 'user', name: string): void {
  const reason = name === '' ? 'it is empty' : textFault(name, metadataLimits.nameBytesMax)
  if (reason !== null) throw new HoldfastError('NAME_INVALID', { kind, reason })
}
