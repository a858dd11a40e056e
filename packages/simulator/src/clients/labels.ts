// What a message bears besides its body: the exchange and the routing key that it was published
// with, and its properties. A delivery tells the same; a dead letter has others.
import type { Properties } from '@holdfast/record'
import type { Counts } from '../checkers/answers.ts'
import type { Published } from './messages.ts'

export interface Label {
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Properties
}

/** What a client is told with a delivery. `properties`: where it looks at them. */
export interface Told extends Counts {
  readonly exchange: string
  readonly routingKey: string
  readonly properties?: Properties
}

/** What brokers add to the headers of what comes again. */
const ofBroker: readonly string[] = ['x-acquired-count', 'x-delivery-count']

export class Labels {
  /** By message. */
  readonly #labels = new Map<string, Label>()

  published(message: string, label: Label): void {
    this.#labels.set(message, label)
  }

  /** What is told otherwise than it was published; null if nothing is, or nobody knows. */
  difference(
    { publisher, sequence }: Pick<Published, 'publisher' | 'sequence'>,
    { exchange, routingKey, properties }: Told
  ): string | null {
    const label = this.#labels.get(`${publisher}:${sequence}`)
    if (label === undefined) return null
    if (exchange !== label.exchange || routingKey !== label.routingKey) {
      const sent = `'${label.exchange}' by '${label.routingKey}'`
      return `sent to ${sent}, told as '${exchange}' by '${routingKey}'`
    }
    if (properties === undefined) return null
    const [sent, told] = [textOf(label.properties), textOf(properties)]
    return sent === told ? null : `sent with ${sent}, told with ${told}`
  }
}

function textOf({ headers = {}, ...others }: Properties): string {
  const own = Object.entries(headers).filter(([name]) => !ofBroker.includes(name))
  return JSON.stringify([own.sort(byName), Object.entries(others).sort(byName)])
}

function byName([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number {
  return left < right ? -1 : 1
}
