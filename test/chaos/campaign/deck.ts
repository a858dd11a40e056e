// Deals strikes: the deck of a profile, shuffled anew for every lap. Which card comes next follows
// from the seed and from how many were dealt, so that a campaign that is resumed goes on where it
// stood.
import { Random } from '@holdfast/testkit'
import type { Profile } from './profile.ts'
import type { StrikeName } from './strikes.ts'

export class Deck {
  readonly #cards: readonly StrikeName[]
  readonly #seed: number
  #dealt: number

  constructor(deck: Profile['deck'], seed: number, dealt: number) {
    const entries = Object.entries(deck) as [StrikeName, number][]
    this.#cards = entries.flatMap(([name, count]) => Array.from({ length: count }, () => name))
    this.#seed = seed
    this.#dealt = dealt
  }

  /** Null if the deck has no cards. */
  next(): StrikeName | null {
    if (this.#cards.length === 0) return null
    const lap = Math.floor(this.#dealt / this.#cards.length)
    const shuffled = new Random(this.#seed).split(`lap ${lap}`).shuffle(this.#cards)
    const card = shuffled[this.#dealt % this.#cards.length] as StrikeName
    this.#dealt += 1
    return card
  }
}
