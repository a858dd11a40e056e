// Mixing of numbers into digests, by MurmurHash3. It tells defects apart, not attackers.

/** 64 bits, from two lanes of 32, which depend on all that went in and on its order. */
export class StateHash {
  #low = 0x9747b28c
  #high = 0x1b873593

  /** A safe integer. */
  number(value: number): void {
    const high = Math.floor(value / 0x100000000)
    this.#low = mix(this.#low, value - high * 0x100000000)
    this.#high = mix(this.#high ^ high, this.#low)
  }

  text(value: string): void {
    this.number(value.length)
    for (let index = 0; index < value.length; index++) this.#small(value.charCodeAt(index))
  }

  /** As `number`, below 2^32. */
  #small(value: number): void {
    this.#low = mix(this.#low, value)
    this.#high = mix(this.#high, this.#low)
  }

  finish(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0')
    return hex(mix(this.#high, this.#low)) + hex(this.#low)
  }

  /** 32 bits of it. */
  get brief(): number {
    return mix(this.#high, this.#low) >>> 0
  }
}

/** A lane of 32 bits after one more number, of which the lowest 32 bits count. */
export function mix(lane: number, value: number): number {
  let mixed = Math.imul(value | 0, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  const turned = lane ^ mixed
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}
