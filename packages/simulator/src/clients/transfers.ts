// Transactions: a few messages that are taken and put back again and again, each time in another
// form, by several clients. In whatever state the log is, each of them is there once.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Mover } from './mover.ts'
import { route } from './ways.ts'

const queue = 'moved'
const messages = 6
const movers = 2

export class Transfers extends Change {
  #movers: readonly Mover[] = []
  #isOver = false

  constructor(world: World, history: History) {
    super(world, history, 'transfers')
    // What is replaced is not seen again, and who settles what is not told.
    history.lossy(queue)
    world.audit.answers.automatic(queue)
  }

  override finish(): void {
    super.finish()
    this.#isOver = true
    for (const mover of this.#movers) mover.stop()
  }

  protected change(): void {
    this.operator.ask({ type: 'declare-queue', name: queue, options: {} }, (error) => {
      this.must(error, 'a declaration')
      const publisher = this.publish(`${queue}p`, route('', queue, [queue]), messages)
      this.whenDone([publisher], () => this.#move())
    })
  }

  #move(): void {
    if (this.#isOver) return
    const kinds = this.history.sentTo(queue)
    const { world } = this
    const check = (): void => world.audit.answers.replaced(queue, kinds)
    this.#movers = Array.from({ length: movers }, (_, i) => {
      return new Mover(world, `${queue}${i + 1}`, queue, check)
    })
  }
}
