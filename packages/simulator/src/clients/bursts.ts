// Queues that come and go many at a time: a shard has taken some of the changes that metadata keeps
// for it, and not yet the others. And one queue that several declare and delete without asking each
// other.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Operator } from './operator.ts'

const operatorsMax = 4
const quarrellersMax = 3

export class Bursts extends Change {
  readonly #operators: readonly Operator[]
  readonly #quarrellers: readonly Operator[]
  #open = 0

  constructor(world: World, history: History) {
    super(world, history, 'burster')
    this.#operators = Array.from({ length: operatorsMax }, (_, i) => {
      return new Operator(world, `burster${i + 1}`)
    })
    this.#quarrellers = Array.from({ length: quarrellersMax }, (_, i) => {
      const operator = new Operator(world, `quarreller${i + 1}`)
      operator.isOneOfMany = true
      return operator
    })
  }

  override get isDone(): boolean {
    return [...this.#operators, ...this.#quarrellers].every(({ isIdle }) => isIdle)
  }

  protected change(): void {
    this.#quarrel()
    this.#operators.forEach((operator, i) => {
      const name = `burst${this.count}-${i}`
      this.#open += 1
      operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
        this.must(error, 'a declaration')
        operator.ask({ type: 'delete-queue', name, ifUnused: true, ifEmpty: true }, (error) => {
          // Asked again after a lost answer, it may be gone.
          if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
          this.#open -= 1
          if (this.#open === 0) this.later()
        })
      })
    })
  }
  /** Whose queue it is that is deleted is for the metadata to know. */
  #quarrel(): void {
    const name = 'quarrel'
    for (const operator of this.#quarrellers) {
      if (!operator.isIdle) continue
      for (let again = this.world.random.integer(1, 3); again > 0; again -= 1) {
        operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
          this.must(error, 'a declaration')
        })
        const request = { type: 'delete-queue', name, ifUnused: false, ifEmpty: false } as const
        operator.ask(request, (error) => {
          if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
        })
      }
    }
  }
}
