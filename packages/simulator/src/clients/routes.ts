// Whoever is connected to any node while a route changes: a node may be cut off, or have just been
// started, and know nothing of the change.
import type { WireError } from '@holdfast/errors'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Publisher, type Route } from './publisher.ts'
import { route } from './ways.ts'

/** Through each node, while a queue is declared. */
const straysMax = 8

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

  /** Asks once: who loses its connection hears no answer. */
  look(name: string, answered: (error: WireError | null) => void): void {
    if (this.isOpen) this.request({ type: 'inspect-queue', name }, answered)
  }
}

/**
 * Binds a second queue to a key, and takes it away again; or declares a queue, and deletes it,
 * under one name again and again. As soon as that is confirmed, somebody publishes through each of
 * the nodes, and is routed by it, or asks, and is told so.
 */
export class Routes extends Change {
  readonly #queues: readonly string[]
  readonly #neighbours: readonly Neighbour[]
  #renamed = 0
  /** Grows as soon as somebody asks for a change of the queue. */
  #stage = 0

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'router')
    this.#queues = queues
    this.#neighbours = world.hosts.map(
      (host) => new Neighbour(world, `n${host.number}`, history, host)
    )
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

  /** Straight to a queue leads a way that needs no lease: its shard knows whether it is there. */
  #changeQueues(): void {
    const name = `new${this.#renamed}`
    const queue = `${name}#${this.count}`
    const { history, operator } = this
    history.lossy(queue)
    this.#stage += 1
    if (this.world.random.chance(0.5)) this.#stray(name, straysMax)
    operator.ask({ type: 'declare-queue', name, options: {} }, (error) => {
      this.must(error, 'a declaration')
      this.#look(name, true)
      this.#publish(route('', name, [queue]), () => {
        history.deleting(queue)
        // Declared once more it may be declared again after it was deleted.
        if (operator.wasRepeated) return this.#rename()
        this.#delete(name, this.world.random.chance(0.5))
      })
    })
  }

  /**
   * What is on its way while the queue is declared may find it, or be dropped; what is published
   * behind it once the queue is declared may not.
   */
  #stray(name: string, strays: number): void {
    const { schedule, random } = this.world
    const to = { ...route('', name, []), mandatory: false }
    for (const neighbour of this.#neighbours) neighbour.publish(to, 1)
    const stage = this.#stage
    schedule.after(random.integer(1, 10), () => {
      if (stage === this.#stage && strays > 1) this.#stray(name, strays - 1)
    })
  }

  #delete(name: string, ifEmpty: boolean): void {
    const { operator } = this
    this.#stage += 1
    operator.ask({ type: 'delete-queue', name, ifUnused: true, ifEmpty }, (error) => {
      const { wasRepeated } = operator
      // It is, where a disk was too full for what was published.
      if (error?.code === 'QUEUE_NOT_EMPTY') {
        return wasRepeated ? this.#rename() : this.#delete(name, false)
      }
      // Asked again after a lost answer, it may be gone.
      if (error?.code !== 'QUEUE_NOT_FOUND') this.must(error, 'a deletion')
      // That it is not found does not say that it is nowhere.
      if (error === null) this.#look(name, false)
      const mandatory = this.world.random.chance(0.5)
      this.#publish({ ...route('', name, []), mandatory }, () => {
        // A deletion that was asked for twice may yet hit the next queue of that name.
        if (wasRepeated) this.#rename()
        else this.later()
      })
    })
  }

  /** Nobody knows what becomes of the queue of this name. */
  #rename(): void {
    this.#renamed += 1
    this.later()
  }

  /** Who asks through any node is told whether there is a queue, until that changes. */
  #look(name: string, isThere: boolean): void {
    const { world } = this
    this.#stage += 1
    const stage = this.#stage
    for (const neighbour of this.#neighbours) {
      neighbour.look(name, (error) => {
        if (stage !== this.#stage || error?.code === 'UNAVAILABLE') return
        if ((error === null) === isThere) return
        world.fail(`${neighbour.name} hears of ${name}: ${error?.code ?? 'it is there'}`)
      })
    }
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
