// Clients that are connected to one node at a time, as those of AMQP are, do not notice that
// another node dies: they keep connection, channel, consumers, and what they were given and have
// not settled. What comes again to who holds it is told by `Attachments`; here is told what was
// taken from one client and given to another. A strike is in the history before it happens, and an
// attempt to connect before it is made: a client is excused exactly by strikes in between, and for
// a while after all was healed. Who still has its connection then may lose nothing more.
import { isEnding, isOfMachine } from './fault-names.ts'
import type { HistoryEvent } from './history.ts'
import type { Violations } from './violations.ts'

type EventOf<Type extends HistoryEvent['type']> = Extract<HistoryEvent, { type: Type }>

/** One connection of a client. */
interface Tenure {
  readonly process: string
  readonly node: number
  readonly since: number
  /** Its node was struck: until then it may lose everything. Infinity while nothing is healed. */
  excusedUntil: number
  isLost: boolean
  /** The latest delivery of each message that it holds. */
  readonly held: Map<string, number>
  /** Messages by delivery. */
  readonly messages: Map<number, string>
}

/** For so long after all was healed what was done before may show: a packet is sent once more. */
const aftermathNs = 20e9

/** What was there to be lost, and was not struck, when nodes were killed. */
export interface Outlived {
  /** Clients of other nodes, summed over all kills. */
  readonly clients: number
  /** Deliveries that they held. */
  readonly deliveries: number
}

export class SurvivingClients {
  readonly #violations: Violations
  readonly #tenures = new Map<string, Tenure>()
  readonly #holders = new Map<string, Tenure>()
  /** First flagged delivery of messages. */
  readonly #flagged = new Map<string, { readonly at: number; readonly process: string }>()
  #nowNs = 0
  readonly #outlived = { clients: 0, deliveries: 0 }

  constructor(violations: Violations) {
    this.#violations = violations
  }

  get outlived(): Outlived {
    return this.#outlived
  }

  push(event: HistoryEvent): void {
    this.#nowNs = event.at
    if (event.type === 'connecting') this.#connect(event)
    else if (event.type === 'lost') this.#lose(event)
    else if (event.type === 'fault') this.#strike(event)
    else if (event.type === 'deliver') this.#deliver(event)
    else if (event.type === 'settle') this.#settle(event)
  }

  #connect({ process, node, at }: EventOf<'connecting'>): void {
    this.#end(this.#tenures.get(process))
    const flags = { excusedUntil: 0, isLost: false }
    const tenure = { process, node, since: at, ...flags, held: new Map(), messages: new Map() }
    this.#tenures.set(process, tenure)
  }

  #end(tenure: Tenure | undefined): void {
    if (tenure === undefined) return
    tenure.isLost = true
    this.#forgetHeld(tenure)
  }

  #forgetHeld(tenure: Tenure): void {
    for (const message of tenure.held.keys()) {
      if (this.#holders.get(message) === tenure) this.#holders.delete(message)
    }
    tenure.held.clear()
  }

  #lose({ process, reason }: EventOf<'lost'>): void {
    const tenure = this.#tenures.get(process)
    if (tenure === undefined || tenure.isLost) return
    if (!this.#isExcused(tenure)) {
      const what = `${process} at node ${tenure.node}: ${reason}`
      this.#violations.add('lost-at-survivor', what)
    }
    this.#end(tenure)
  }

  #strike({ fault, node }: EventOf<'fault'>): void {
    if (fault === 'healed') this.#heal()
    if (isEnding(fault) || isOfMachine(fault)) return
    for (const tenure of this.#tenures.values()) {
      if (node === null || tenure.node === node) {
        tenure.excusedUntil = Number.POSITIVE_INFINITY
        // It may come again at any time, and belongs to nobody until then.
        this.#forgetHeld(tenure)
      } else if (fault.startsWith('kill') && this.#isSafe(tenure)) {
        this.#outlived.clients += 1
        this.#outlived.deliveries += tenure.held.size
      }
    }
  }

  #heal(): void {
    for (const tenure of this.#tenures.values()) {
      tenure.excusedUntil = Math.min(tenure.excusedUntil, this.#nowNs + aftermathNs)
    }
  }

  #isExcused({ excusedUntil }: Tenure): boolean {
    return this.#nowNs < excusedUntil
  }

  /** Nothing may be taken from it. */
  #isSafe(tenure: Tenure): boolean {
    return !this.#isExcused(tenure) && !tenure.isLost
  }

  #deliver(event: EventOf<'deliver'>): void {
    const { publisher, sequence, consumer, delivery, redelivered, at, queue } = event
    const message = `${publisher}-${sequence}`
    const process = `consumer ${consumer}`
    const mine = this.#tenures.get(process)
    // What it reads was sent before its node was struck, perhaps before another one got it.
    if (mine !== undefined && !this.#isSafe(mine)) return
    const name = `${message} in ${queue}`
    const later = redelivered ? undefined : this.#flagged.get(message)
    if (mine !== undefined && later !== undefined && later.process !== process) {
      // Sent first to this client, before its node was struck, and read last.
      if (later.at < mine.excusedUntil) return
      // The same without a strike; or sent without its flag.
      if (mine.since < later.at) this.#take(name, mine, later.process)
      else this.#violations.add('unflagged-duplicate', name)
      return
    }
    const holder = this.#holders.get(message)
    if (holder !== undefined && holder.process !== process && this.#isSafe(holder)) {
      this.#take(name, holder, process)
    }
    if (redelivered && !this.#flagged.has(message)) this.#flagged.set(message, { at, process })
    if (mine === undefined) return
    mine.held.set(message, delivery)
    mine.messages.set(delivery, message)
    this.#holders.set(message, mine)
  }

  #take(message: string, { process, node }: Tenure, by: string): void {
    const what = `${message} from ${process} at node ${node}, given to ${by}`
    this.#violations.add('taken-from-survivor', what)
  }

  #settle({ consumer, delivery }: EventOf<'settle'>): void {
    const tenure = this.#tenures.get(`consumer ${consumer}`)
    const message = tenure?.messages.get(delivery)
    if (tenure === undefined || message === undefined) return
    tenure.messages.delete(delivery)
    if (tenure.held.get(message) !== delivery) return
    tenure.held.delete(message)
    if (this.#holders.get(message) === tenure) this.#holders.delete(message)
  }
}
