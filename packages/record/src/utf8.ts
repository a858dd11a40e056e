// UTF-8 by hand: the pure packages have neither TextEncoder nor Buffer, and the decoder of a broker
// has to refuse malformed input rather than replace it, because names are compared as bytes and as
// strings. Source: RFC 3629 §4 (no overlong forms, no surrogates, nothing above U+10FFFF).
import { HoldfastError } from '@holdfast/errors'

/** Characters turned into a string in one call: a bound for the arguments on the stack. */
const chunkLength = 4096

/**
 * End of the well-formed sequence that starts at `position`, a lead byte ≥ 0x80; -1 if malformed or
 * cut. Table 3-7 of the Unicode standard: only the second byte has ranges that depend on the first.
 */
function sequenceEnd(bytes: Uint8Array, position: number, end: number): number {
  const lead = bytes[position] ?? 0
  const length = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
  if (length === 0 || position + length > end) return -1
  const second = bytes[position + 1] ?? 0
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
  if (second < low || second > high) return -1
  for (let at = position + 2; at < position + length; at++) {
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return -1
  }
  return position + length
}

/** Whether `bytes[position, end)` is well-formed UTF-8. */
export function isUtf8(bytes: Uint8Array, position = 0, end: number = bytes.length): boolean {
  let at = position
  while (at < end) {
    if ((bytes[at] ?? 0) < 0x80) {
      at++
    } else {
      at = sequenceEnd(bytes, at, end)
      if (at < 0) return false
    }
  }
  return true
}

/** Code point of the well-formed sequence in `bytes[position, end)`, two to four bytes long. */
function codePoint(bytes: Uint8Array, position: number, end: number): number {
  const length = end - position
  let value = (bytes[position] ?? 0) & (length === 2 ? 0x1f : length === 3 ? 0x0f : 0x07)
  for (let at = position + 1; at < end; at++) value = (value << 6) | ((bytes[at] ?? 0) & 0x3f)
  return value
}

/** The string in `bytes[position, end)`. @throws FRAME_INVALID if it is not well-formed UTF-8. */
export function utf8Decode(bytes: Uint8Array, position = 0, end: number = bytes.length): string {
  let text = ''
  let units: number[] = []
  let at = position
  while (at < end) {
    const byte = bytes[at] ?? 0
    if (byte < 0x80) {
      units.push(byte)
      at++
    } else {
      const next = sequenceEnd(bytes, at, end)
      if (next < 0) throw new HoldfastError('FRAME_INVALID', { reason: 'a string is not UTF-8' })
      const point = codePoint(bytes, at, next)
      if (point < 0x10000) units.push(point)
      else units.push(0xd7c0 + (point >> 10), 0xdc00 + (point & 0x3ff))
      at = next
    }
    if (units.length >= chunkLength) {
      text += String.fromCharCode.apply(null, units)
      units = []
    }
  }
  return text + String.fromCharCode.apply(null, units)
}

/** Code point at `index`. @throws REQUEST_INVALID for half of a surrogate pair: it has no UTF-8. */
function wholePoint(text: string, index: number): number {
  const point = text.codePointAt(index) ?? 0
  if (point >= 0xd800 && point <= 0xdfff) {
    throw new HoldfastError('REQUEST_INVALID', { reason: 'a string holds a lone surrogate' })
  }
  return point
}

/** Bytes that `text` takes as UTF-8. @throws REQUEST_INVALID for a lone surrogate. */
export function utf8Length(text: string): number {
  let length = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) length += 1
    else if (unit < 0x800) length += 2
    else if (wholePoint(text, index) < 0x10000) length += 3
    else {
      length += 4
      index++
    }
  }
  return length
}

/** `text` as UTF-8, in an array of its own. @throws REQUEST_INVALID for a lone surrogate. */
export function utf8Encode(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8Length(text))
  let at = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80) {
      bytes[at++] = unit
    } else if (unit < 0x800) {
      bytes[at++] = 0xc0 | (unit >> 6)
      bytes[at++] = 0x80 | (unit & 0x3f)
    } else {
      const point = wholePoint(text, index)
      if (point < 0x10000) {
        bytes[at++] = 0xe0 | (point >> 12)
      } else {
        bytes[at++] = 0xf0 | (point >> 18)
        bytes[at++] = 0x80 | ((point >> 12) & 0x3f)
        index++
      }
      bytes[at++] = 0x80 | ((point >> 6) & 0x3f)
      bytes[at++] = 0x80 | (point & 0x3f)
    }
  }
  return bytes
}
