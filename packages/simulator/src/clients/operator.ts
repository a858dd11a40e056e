// A client that declares and asks: requests one after the other, each repeated until it is
// answered.
import type { WireError } from '@holdfast/errors'
import type { ClientEvent, ClientRequest } from '@holdfast/protocol'
import type { Host } from '../world/host.ts'
import { Client } from './client.ts'

interface Wish {
  readonly request: ClientRequest
  readonly done: (error: WireError | null, result: unknown) => void
  /** Asked before without an answer: that may still take effect, at any time. */
  isRepeated: boolean
}

export class Operator extends Client {
  override readonly role = 'operator'
  #wishes: Wish[] = []
  #isAsking = false
  /** Names of queues of which nobody knows whether they are there. */
  readonly #doubtful = new Set<string>()
  /** Whether the request that was answered last had been asked before. */
  wasRepeated = false
  /** Others change the same queues: what it hears may be so no more. */
  isOneOfMany = false
  /** The host it prefers; null: any. */
  preferred: Host | null = null

  get isIdle(): boolean {
    return this.#wishes.length === 0
  }

  ask(request: ClientRequest, done: Wish['done'] = () => undefined): void {
    this.#wishes.push({ request, done, isRepeated: false })
    this.#next()
  }

  protected choose(): Host | null {
    const { random, world } = this
    const { memberHosts } = world
    if (this.preferred?.isRunning) return this.preferred
    return memberHosts.length === 0 ? null : random.pick(memberHosts)
  }

  protected opened(): void {
    this.#next()
  }

  protected event(_event: ClientEvent): void {}

  protected lost(): void {
    const [wish] = this.#wishes
    if (wish !== undefined && this.#isAsking) wish.isRepeated = true
    this.#isAsking = false
  }

  /** What was answered is so, where it counts. */
  #checkInForce({ request, isRepeated }: Wish, error: WireError | null): void {
    if (request.type !== 'declare-queue' && request.type !== 'delete-queue') return
    const { name, type } = request
    // The question that had no answer may yet have an effect.
    if (isRepeated || this.isOneOfMany) this.#doubtful.add(name)
    if (error !== null || this.vhost !== '/' || this.#doubtful.has(name)) return
    const { answers } = this.world.audit
    if (type === 'declare-queue') answers.declared(name)
    else answers.deleted(name)
  }

  #next(): void {
    const [wish] = this.#wishes
    if (wish === undefined || this.#isAsking || !this.isOpen) return
    this.#isAsking = true
    this.world.note(`${this.name}: ${wish.request.type}`)
    this.request(wish.request, (error, result) => {
      this.#isAsking = false
      const answer = error?.code ?? JSON.stringify(result)
      this.world.note(`${this.name}: ${wish.request.type} ${answer}`)
      this.world.reached(`client: ${wish.request.type} ${error?.code ?? 'done'}`)
      if (error?.code === 'UNAVAILABLE') {
        wish.isRepeated = true
        this.world.schedule.after(100, () => this.#next())
        return
      }
      this.#wishes.shift()
      this.#checkInForce(wish, error)
      this.wasRepeated = wish.isRepeated
      wish.done(error, result)
      this.#next()
    })
  }
}
