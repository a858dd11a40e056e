// The membership as a register: is there one order of all changes, within the times in which they
// ran, in which every node saw the states it told of, each node in that order? A node tells what it
// has applied, so that it may be behind; it may not go back, run ahead, or tell what never was.
// The search is that of Wing and Gong, with the memory of Lowe; a read changes nothing and is
// therefore taken as soon as it fits, so that only changes branch.
import type { HistoryEvent } from './history.ts'

interface Change {
  readonly action: 'add' | 'remove'
  readonly member: string
  readonly invokedAt: number
  /** Infinity where nobody knows whether it happened. */
  returnedAt: number
}

interface Read {
  readonly members: string
  readonly returnedAt: number
}

export class MembershipRegister {
  readonly #changes: Change[] = []
  /** What each reader saw, in order. */
  readonly #reads: Read[][] = []
  readonly #changeOfCall = new Map<number, Change>()
  readonly #readerOfCall = new Map<number, number>()
  readonly #placeOfReader = new Map<number, number>()
  #first: string | null = null

  push(event: HistoryEvent): void {
    if (event.type === 'member-invoke') {
      const { call, action, member, at, reader } = event
      if (action === 'read') {
        this.#readerOfCall.set(call, reader)
      } else {
        const returnedAt = Number.POSITIVE_INFINITY
        const change = { action, member: member ?? '', invokedAt: at, returnedAt }
        this.#changes.push(change)
        this.#changeOfCall.set(call, change)
      }
    } else if (event.type === 'member-ok') {
      const change = this.#changeOfCall.get(event.call)
      if (change !== undefined) change.returnedAt = event.at
      const reader = this.#readerOfCall.get(event.call)
      if (reader !== undefined) this.#read(reader, (event.members ?? []).join(' '), event.at)
    }
  }

  #read(reader: number, members: string, returnedAt: number): void {
    // The run begins by asking, before it changes anything.
    this.#first ??= members
    let place = this.#placeOfReader.get(reader)
    if (place === undefined) {
      place = this.#reads.push([]) - 1
      this.#placeOfReader.set(reader, place)
    }
    this.#reads[place]?.push({ members, returnedAt })
  }

  /** Null if there is such an order; else the first thing that fits none. */
  finish(): string | null {
    const start: Position = {
      done: this.#changes.map(() => false),
      taken: this.#reads.map(() => 0),
      members: this.#first ?? ''
    }
    const open: Position[] = [start]
    const seen = new Set<string>()
    let furthest = { taken: -1, sentence: '' }
    for (let position = open.pop(); position !== undefined; position = open.pop()) {
      this.#takeReads(position)
      const key = JSON.stringify(position)
      if (seen.has(key)) continue
      seen.add(key)
      if (this.#isComplete(position)) return null
      const taken = position.taken.reduce((sum, count) => sum + count, 0)
      if (taken > furthest.taken) furthest = { taken, sentence: this.#describe(position) }
      for (const [at] of this.#changes.entries()) {
        if (this.#mayHappen(position, at)) open.push(this.#after(position, at))
      }
    }
    return furthest.sentence
  }

  #takeReads(position: Position): void {
    for (const [reader, reads] of this.#reads.entries()) {
      let next = position.taken[reader] ?? 0
      while (reads[next]?.members === position.members) next += 1
      position.taken[reader] = next
    }
  }

  #isComplete({ done, taken }: Position): boolean {
    const areReadsTaken = this.#reads.every((reads, reader) => taken[reader] === reads.length)
    const isEveryChangeDone = this.#changes.every(
      ({ returnedAt }, at) => done[at] === true || returnedAt === Number.POSITIVE_INFINITY
    )
    return areReadsTaken && isEveryChangeDone
  }

  /** Whatever ended before the change began comes before it. */
  #mayHappen({ done, taken }: Position, change: number): boolean {
    if (done[change] === true) return false
    const { invokedAt } = this.#changes[change] as Change
    const areEarlierDone = this.#changes.every(
      ({ returnedAt }, at) => done[at] === true || returnedAt >= invokedAt
    )
    return (
      areEarlierDone &&
      this.#reads.every((reads, reader) => {
        const next = reads[taken[reader] ?? 0]
        return next === undefined || next.returnedAt >= invokedAt
      })
    )
  }

  #after({ done, taken, members }: Position, change: number): Position {
    const { action, member } = this.#changes[change] as Change
    const set = new Set(members === '' ? [] : members.split(' '))
    if (action === 'add') set.add(member)
    else set.delete(member)
    const happened = done.map((isDone, at) => isDone || at === change)
    return { done: happened, taken: [...taken], members: [...set].sort().join(' ') }
  }

  #describe({ taken, members }: Position): string {
    const stuck = this.#reads.flatMap((reads, reader) => reads[taken[reader] ?? 0] ?? [])
    const read = stuck.sort((left, right) => left.returnedAt - right.returnedAt)[0]
    if (read === undefined) return `a change fits nowhere; the members are ${members}`
    return `members ${read.members} at ${read.returnedAt} fit nowhere after ${members}`
  }
}

interface Position {
  readonly done: boolean[]
  readonly taken: number[]
  readonly members: string
}
