// What lies between the replicas of a simulated group: it loses, repeats, delays and reorders, by
// the weather of the seed.
import type { Random } from '@holdfast/testkit'
import type { Message, ReplicaId } from '../src/index.ts'

export interface Weather {
  readonly loss: number
  /** The same of an order to campaign. */
  readonly orderLoss: number
  readonly duplicate: number
  readonly delayTicksMax: number
  /** Chance that an answer to entries comes once more, long after. */
  readonly replay: number
  /** Chance that a replica takes all that has arrived before it says or writes anything. */
  readonly gather: number
  /** Chance that a write completes in a step. */
  readonly disk: number
  /** Chance that a snapshot which was offered has been fetched in a step. */
  readonly fetch: number
  /** Chance that a snapshot which was fetched has replaced the log in a step. */
  readonly install: number
}

export const calm: Weather = {
  loss: 0,
  orderLoss: 0,
  duplicate: 0,
  delayTicksMax: 0,
  replay: 0,
  gather: 0,
  disk: 1,
  fetch: 0.3,
  install: 1
}

/** Ticks after which an answer is repeated: longer than it takes to leave a group and come back. */
const replayTicks = { min: 60, max: 160 } as const

/** The latest answers of one replica to another that can be repeated. */
const answersMax = 4

interface InFlight {
  readonly message: Message
  readonly dueTick: number
}

export class SimulatedNetwork {
  readonly #random: Random
  #inFlight: InFlight[] = []
  /** By sender and receiver. */
  readonly #answers = new Map<string, Message[]>()

  constructor(random: Random) {
    this.#random = random
  }

  send(message: Message, weather: Weather, tick: number): void {
    const random = this.#random
    const copies = random.chance(weather.duplicate) ? 2 : 1
    const loss = message.type === 'timeout-now' ? weather.orderLoss : weather.loss
    for (let copy = 0; copy < copies; copy++) {
      if (random.chance(loss)) continue
      const dueTick = tick + random.below(weather.delayTicksMax + 1)
      this.#inFlight.push({ message, dueTick })
    }
    if (message.type !== 'append-response') return
    this.#remember(message)
    if (!random.chance(weather.replay)) return
    const dueTick = tick + random.integer(replayTicks.min, replayTicks.max)
    this.#inFlight.push({ message, dueTick })
  }

  /** The latest answers of a replica to another come again: they were held up. */
  answersAgain(from: ReplicaId, to: ReplicaId, dueTick: number): void {
    for (const message of this.#answers.get(`${from}-${to}`) ?? []) {
      this.#inFlight.push({ message, dueTick })
    }
  }

  #remember(message: Message): void {
    const key = `${message.from}-${message.to}`
    const latest = [...(this.#answers.get(key) ?? []), message]
    this.#answers.set(key, latest.slice(-answersMax))
  }

  /** What has arrived by `tick` at those who can receive it, in the order of sending. */
  takeDue(tick: number, canReceive: (message: Message) => boolean): Message[] {
    const isDue = ({ dueTick, message }: InFlight): boolean =>
      dueTick <= tick && canReceive(message)
    const due = this.#inFlight.filter(isDue)
    this.#inFlight = this.#inFlight.filter((item) => !isDue(item))
    return due.map(({ message }) => message)
  }
}

/** Takes out what else is due at a replica. */
export function takeFor(to: ReplicaId, due: Message[]): Message[] {
  const taken = due.filter((message) => message.to === to)
  due.splice(0, due.length, ...due.filter((message) => message.to !== to))
  return taken
}
