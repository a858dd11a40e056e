// Which replicas forget the bodies of their entries.
import t from 'tap'
import { boundBodies } from '../../src/consensus/body-bound.ts'

/** Its entries are of one byte each: as many are held as are not forgotten. */
class Replica {
  readonly appliedIndex: number
  readonly durableIndex: number
  #forgotten = 0

  constructor(appliedIndex: number, durableIndex: number) {
    this.appliedIndex = appliedIndex
    this.durableIndex = durableIndex
  }

  get bodiesBytes(): number {
    return Math.max(this.appliedIndex, this.durableIndex) - this.#forgotten
  }

  forgetBodies(upTo: number): void {
    this.#forgotten = upTo
  }
}

/** Bytes that each of them holds after it was made to forget. */
function leftOf(replicas: readonly Replica[]): readonly number[] {
  const holders = replicas.map((raft) => ({ raft }))
  boundBodies(holders, 10)
  return replicas.map(({ bodiesBytes }) => bodiesBytes)
}

t.test('what fits is kept', async (t) => {
  t.same(leftOf([new Replica(4, 4), new Replica(6, 6)]), [4, 6])
})

t.test('those that hold most forget, until half of the bound is left', async (t) => {
  t.same(leftOf([new Replica(2, 2), new Replica(9, 9), new Replica(3, 3)]), [2, 0, 3])
})

t.test('what is not applied, or not durable, is kept', async (t) => {
  t.same(leftOf([new Replica(5, 9), new Replica(20, 8)]), [4, 12])
})
