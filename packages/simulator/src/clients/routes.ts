// Whoever is connected to any node while a route changes: a node may be cut off, or have just been
// started, and know nothing of the change.
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import { Change, route } from './changes.ts'
import type { History } from './history.ts'
import { Publisher, type Route } from './publisher.ts'

/** Stays with one node for as long as there may be one again. */
class Neighbour extends Publisher {
  readonly #host: Host

  constructor(world: World, name: string, history: History, host: Host) {
    super(world, name, { history, routes: [], messages: 0 })
    this.#host = host
  }

  protected override choose(): Host | null {
    const { isThere, isHeldDown, isRunning } = this.#host
    if (!isThere || isHeldDown) return super.choose()
    return isRunning ? this.#host : null
  }
}

/**
 * Binds a second queue to a key, and takes it away again; or declares a queue, and deletes it. As
 * soon as that is confirmed, somebody publishes through each of the nodes, and is routed by it.
 */
export class Routes extends Change {
  readonly #queues: readonly string[]
  readonly #neighbours: readonly Neighbour[]

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'router')
    this.#queues = queues
    this.#neighbours = world.hosts.map(
      (host) => new Neighbour(world, `n${host.number}`, history, host)
    )
    this.later()
  }

  override get isDone(): boolean {
    return super.isDone && this.#neighbours.every(({ isDone }) => isDone)
  }

  protected change(): void {
    if (this.world.random.chance(0.5)) this.#changeBindings()
    else this.#changeQueues()
  }

  #changeBindings(): void {
    const [first = '', second = ''] = this.world.random.shuffle([...this.#queues])
    this.#ask('bind-queue', first, [first], () => {
      this.#ask('bind-queue', second, [first, second], () => {
        // Once more bound is bound once; but it may be bound again after it was unbound.
        if (this.operator.wasRepeated) return this.later()
        this.#ask('unbind-queue', second, [first], () => this.later())
      })
    })
  }

  /** Straight to a queue leads a way that needs no lease. */
  #changeQueues(): void {
    const name = `new${this.count}`
    const { history, operator } = this
    history.lossy(name)
    operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
      this.must(error, 'a declaration')
      this.#publish(route('', name, [name]), () => {
        history.deleting(name)
        // Declared once more it may be declared again after it was deleted.
        if (operator.wasRepeated) return this.later()
        const request = { type: 'delete-queue', name, ifUnused: false, ifEmpty: false } as const
        operator.ask(request, (error) => {
          // Asked again after a lost answer, it may be gone.
          if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
          this.#publish(route('', name, []), () => this.later())
        })
      })
    })
  }

  #publish(to: Route, then: () => void): void {
    for (const publisher of this.#neighbours) publisher.publish(to, 1)
    this.whenDone(this.#neighbours, then)
  }

  /** Once a binding has changed, what has this key goes to `to`. */
  #ask(
    type: 'bind-queue' | 'unbind-queue',
    queue: string,
    to: readonly string[],
    then: () => void
  ): void {
    const bindingKey = `route-${this.count}`
    this.operator.ask({ type, queue, exchange: 'dir', bindingKey, arguments: {} }, (error) => {
      this.must(error, 'a change of a route')
      this.#publish(route('dir', bindingKey, to), then)
    })
  }
}
