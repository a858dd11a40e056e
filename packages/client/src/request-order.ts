// Which requests wait for which. What is being declared may yet replace what is there: a queue that
// is exclusive to the link of before is made anew, and its bindings go with the old one. So whoever
// binds, unbinds or removes something waits for the declarations of it that have no answer.
import type { ClientRequest } from '@holdfast/protocol'
import { endsOf, isRemoval, subjectOf } from './subjects.ts'

interface Making<Waiter> {
  /** Requests that make the same thing. */
  count: number
  readonly waiters: Set<Waiter>
}

export class RequestOrder<Waiter> {
  /** What is being made, by name. */
  readonly #making = new Map<string, Making<Waiter>>()

  begin(request: ClientRequest): void {
    const name = made(request)
    if (name === null) return
    const making = this.#making.get(name) ?? { count: 0, waiters: new Set() }
    making.count += 1
    this.#making.set(name, making)
  }

  /** Whether a request has to wait; if so, its waiter comes out of `end`. */
  mustWait(request: ClientRequest, waiter: Waiter): boolean {
    const name = needs(request).find((needed) => this.#making.has(needed))
    if (name === undefined) return false
    this.#making.get(name)?.waiters.add(waiter)
    return true
  }

  /** The request has its answer, or gets none. Gives those that waited for it. */
  end(request: ClientRequest): Iterable<Waiter> {
    const name = made(request)
    const making = name === null ? undefined : this.#making.get(name)
    if (name === null || making === undefined) return []
    making.count -= 1
    if (making.count > 0) return []
    this.#making.delete(name)
    return making.waiters
  }
}

function made(request: ClientRequest): string | null {
  return isRemoval(request) ? null : subjectOf(request)
}

function needs(request: ClientRequest): readonly string[] {
  const removed = isRemoval(request) ? subjectOf(request) : null
  return removed === null ? endsOf(request) : [removed, ...endsOf(request)]
}
