// Transactions: a few messages that are taken and put back again and again, each time in another
// form, by several clients. In whatever state the log is, each of them is there once.
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Mover } from './mover.ts'
import { movedQueue, route } from './ways.ts'

const messages = 6
const movers = 2

export class Transfers extends Change {
  #movers: readonly Mover[] = []
  #isOver = false

  constructor(world: World, history: History) {
    super(world, history, 'transfers')
    // What is replaced is not seen again, and who settles what is not told.
    history.lossy(movedQueue)
    world.audit.answers.automatic(movedQueue)
  }

  override finish(): void {
    super.finish()
    this.#isOver = true
    for (const mover of this.#movers) mover.stop()
  }

  protected change(): void {
    this.operator.ask({ type: 'declare-queue', name: movedQueue, options: {} }, (error) => {
      this.must(error, 'a declaration')
      const publisher = this.publish(
        `${movedQueue}p`,
        route('', movedQueue, [movedQueue]),
        messages
      )
      this.whenDone([publisher], () => this.#move())
    })
  }

  #move(): void {
    if (this.#isOver) return
    const kinds = this.history.sentTo(movedQueue)
    const { world } = this
    const check = (): void => world.audit.answers.replaced(movedQueue, kinds)
    this.#movers = Array.from({ length: movers }, (_, i) => {
      return new Mover(world, `${movedQueue}${i + 1}`, movedQueue, check)
    })
  }
}
