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

  /** Two characters at once, and by one lane: names and keys are most of what is hashed. */
  text(value: string): void {
    let low = mix(this.#low, value.length)
    for (let index = 0; index < value.length; index += 2) {
      // Where there is no second one it is NaN, of which no bit counts.
      low = mix(low, value.charCodeAt(index) | (value.charCodeAt(index + 1) << 16))
    }
    this.#low = low
    this.#high = mix(this.#high, low)
  }

  /** 32 of the 64 bits, to be summed up where there is no order. */
  get lane(): number {
    return mix(this.#high, this.#low)
  }

  finish(): string {
    const hex = (lane: number): string => (lane >>> 0).toString(16).padStart(8, '0')
    return hex(this.lane) + hex(this.#low)
  }
}

/** A lane of 32 bits after one more number, of which the lowest 32 bits count. */
export function mix(lane: number, value: number): number {
  let mixed = Math.imul(value | 0, 0xcc9e2d51)
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
  const turned = lane ^ mixed
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0
}
