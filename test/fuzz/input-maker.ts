// Makes inputs from a corpus: picks one, changes it some times, mends it. The newest inputs are
// picked more often, since what is around them has been tried least.
import type { Random } from '@holdfast/testkit'
import { ByteMutator } from './byte-mutator.ts'
import { MsgpackMutator } from './msgpack-mutator.ts'
import type { Target } from './target.ts'

const newestCount = 24

export class InputMaker {
  readonly corpus: Uint8Array[]
  readonly #random: Random
  readonly #target: Target
  readonly #bytes: ByteMutator
  readonly #msgpack: MsgpackMutator

  constructor(target: Target, corpus: readonly Uint8Array[], random: Random) {
    this.corpus = [...corpus]
    this.#random = random
    this.#target = target
    const { bytesMax, tokens = [] } = target
    this.#bytes = new ByteMutator({ random, bytesMax, tokens, other: () => this.#pick() })
    this.#msgpack = new MsgpackMutator(random, tokens)
  }

  #pick(): Uint8Array {
    const { corpus } = this
    const isNewest = corpus.length > newestCount && this.#random.chance(0.3)
    const from = isNewest ? corpus.length - newestCount : 0
    return corpus[this.#random.integer(from, corpus.length - 1)] ?? new Uint8Array(0)
  }

  make(): Uint8Array {
    const { bytesMax, hasMsgpack = false, mend } = this.#target
    let input = this.#pick()
    let changes = 1
    while (changes < 12 && this.#random.chance(0.6)) changes += 1
    for (; changes > 0; changes -= 1) {
      const isByValue = hasMsgpack && input.length > 0 && this.#random.chance(0.4)
      const changed = isByValue ? this.#msgpack.mutate(input, this.#pick()) : null
      input = changed ?? this.#bytes.mutate(input)
    }
    if (input.length > bytesMax) input = input.subarray(0, bytesMax)
    return mend !== undefined && this.#random.chance(0.9) ? mend(input) : input
  }
}
