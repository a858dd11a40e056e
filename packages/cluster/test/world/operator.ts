// A client that declares and asks: requests one after the other, each repeated until it is
// answered.
import type { WireError } from '@holdfast/errors'
import type { ClientEvent, ClientRequest } from '@holdfast/protocol'
import { Client } from './client.ts'
import type { Host } from './host.ts'

interface Wish {
  readonly request: ClientRequest
  readonly done: (error: WireError | null, result: unknown) => void
}

export class Operator extends Client {
  #wishes: Wish[] = []
  #isAsking = false
  /** The host it prefers; null: any. */
  preferred: Host | null = null

  get isIdle(): boolean {
    return this.#wishes.length === 0
  }

  ask(request: ClientRequest, done: Wish['done'] = () => undefined): void {
    this.#wishes.push({ request, done })
    this.#next()
  }

  protected choose(): Host | null {
    const { memberHosts, random } = this.world
    if (this.preferred?.isRunning) return this.preferred
    return memberHosts.length === 0 ? null : random.pick(memberHosts)
  }

  protected opened(): void {
    this.#next()
  }

  protected event(_event: ClientEvent): void {}

  protected lost(): void {
    this.#isAsking = false
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
      if (error?.code === 'UNAVAILABLE') {
        this.world.schedule.after(100, () => this.#next())
        return
      }
      this.#wishes.shift()
      wish.done(error, result)
      this.#next()
    })
  }
}
