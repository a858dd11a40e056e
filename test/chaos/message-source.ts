// The messages of a run, computed from (seed, publisher, sequence): queue, size and bytes. Nothing
// need be stored: a consumer or a checker can compute again what a publisher sent. A body is a
// slice of one pseudo-random pool at a place of its own, its first 16 bytes overwritten by its
// identity.
import { crc32 } from 'node:zlib'
import { hashText, mix, Random } from '@holdfast/testkit'

/** `mixed`: 0 B to 16 MiB, mostly 1 KiB. `small`: the same up to 64 KiB. Or one size in bytes. */
export type SizeProfile = 'mixed' | 'small' | number

export const bodyBytesMax: number = 16 * 1024 * 1024

const headerBytes = 16
/** Prime, so that neighbours share no place in the pool. */
const places = 65_521
const kib = 1_024

function between(value: number, min: number, max: number): number {
  return min + (value % (max - min + 1))
}

/** Sizes by share: out of a million, 100 are the largest allowed and 100 anything above 1 MiB. */
function mixedSize(draw: number, value: number): number {
  if (draw < 100) return bodyBytesMax
  if (draw < 200) return between(value, kib * kib, bodyBytesMax)
  if (draw < 5_000) return between(value, 128 * kib, kib * kib)
  if (draw < 40_000) return between(value, 16 * kib, 128 * kib)
  return smallSize(draw, value)
}

function smallSize(draw: number, value: number): number {
  if (draw < 45_000) return between(value, 16 * kib, 64 * kib)
  if (draw < 65_000) return 0
  if (draw < 165_000) return between(value, 1, 100)
  if (draw < 285_000) return between(value, kib + 200, 16 * kib)
  return between(value, kib - 124, kib + 100)
}

export class MessageSource {
  readonly #seed: number
  readonly #sizes: SizeProfile
  #pool: Uint8Array = new Uint8Array(0)

  constructor(seed: number, sizes: SizeProfile) {
    this.#seed = mix(hashText(`messages ${seed}`))
    this.#sizes = sizes
  }

  #draw(publisher: number, sequence: number, purpose: number): number {
    return mix(mix(mix(this.#seed ^ publisher) + sequence) ^ purpose)
  }

  size(publisher: number, sequence: number): number {
    if (typeof this.#sizes === 'number') return this.#sizes
    const draw = this.#draw(publisher, sequence, 1) % 1_000_000
    const value = this.#draw(publisher, sequence, 2)
    return this.#sizes === 'mixed' ? mixedSize(draw, value) : smallSize(draw, value)
  }

  /** Which of `count` queues the message goes to, from 0. */
  queue(publisher: number, sequence: number, count: number): number {
    return this.#draw(publisher, sequence, 3) % count
  }

  /** A new array; the caller may keep it. */
  body(publisher: number, sequence: number): Uint8Array {
    const size = this.size(publisher, sequence)
    const place = this.#draw(publisher, sequence, 4) % places
    this.#growPool(place + size)
    const body = this.#pool.slice(place, place + size)
    const header = new DataView(new ArrayBuffer(headerBytes))
    header.setUint32(0, publisher)
    header.setUint32(4, sequence)
    header.setUint32(8, size)
    header.setUint32(12, this.#draw(publisher, sequence, 5))
    body.set(new Uint8Array(header.buffer, 0, Math.min(headerBytes, size)))
    return body
  }

  /** The pool grows to what was needed; its beginning never changes. */
  #growPool(length: number): void {
    if (length <= this.#pool.length) return
    const pool = new Uint8Array(Math.min(places + bodyBytesMax, Math.ceil(length * 1.5)))
    new Random(this.#seed).fill(pool)
    this.#pool = pool
  }
}

/** The hash that a history carries. */
export function hashBody(body: Uint8Array): number {
  return crc32(body)
}

/** The identity of a message, as its `messageId`. An empty body could carry none. */
export function messageIdOf(publisher: number, sequence: number): string {
  return `${publisher}-${sequence}`
}

/** Null for an id that no publisher of a run made. */
export function parseMessageId(
  id: string | undefined
): [publisher: number, sequence: number] | null {
  const match = /^(\d{1,9})-(\d{1,9})$/.exec(id ?? '')
  return match === null ? null : [Number(match[1]), Number(match[2])]
}
