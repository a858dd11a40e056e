// A message on its way from a queue to a dead letter exchange: the same body, and headers that tell
// what befell it, as RabbitMQ writes them. `x-death` has one table for each queue and reason, the
// latest first. What a client writes there itself is no history, and is written over.
import { hasForeignProperties } from '@holdfast/record'
import type { FieldTable, FieldValue } from './field-table.ts'
import { longField, textField, textOf } from './field-value.ts'
import { amqpLimits } from './limits.ts'
import { propertyOf, replaceProperty } from './properties.ts'
import { messageAt, RecordWriter } from './record-form.ts'

/** How a message left a queue. */
export interface Death {
  readonly queue: string
  readonly reason: string
  readonly timeMs: number
  /** What it had been published with. */
  readonly exchange: string
  readonly routingKey: string
}

export interface DeadLetterMessage {
  readonly record: Uint8Array
  /** Further routing keys that it came with: CC. */
  readonly copies: readonly string[]
  /** Queues that it has been in since a consumer last refused it, this one included. */
  readonly visited: ReadonlySet<string>
}

/** A circle in which a consumer has a part goes on for as long as consumers want. */
const reasonsOfConsumers: readonly string[] = ['rejected', 'delivery_limit']

const namesOfDeath = ['queue', 'reason', 'exchange'] as const
/** What tells of the history; nobody else's word counts here. */
const historyNames: readonly string[] = [
  'x-death',
  ...namesOfDeath.flatMap((name) => [`x-first-death-${name}`, `x-last-death-${name}`])
]

/**
 * The record at `position` after `death`. `hasHistory`: its headers were written here, by a death
 * before. `isRerouted`: its queue has a routing key for it, in the place of all that it came with.
 */
export function deadLetterAt(
  blob: Uint8Array,
  position: number,
  death: Death,
  { hasHistory, isRerouted }: { readonly hasHistory: boolean; readonly isRerouted: boolean }
): DeadLetterMessage {
  const { properties, body } = messageAt(blob, position)
  const headers = new Map(propertyOf(properties, 'headers') ?? [])
  const isOfAmqp = hasForeignProperties(blob, position)
  const copies = isOfAmqp ? copiesIn(headers) : []
  // The keys that another protocol has there were not checked, and do not become ones here.
  if (isRerouted || !isOfAmqp) headers.delete('CC')
  if (!hasHistory) for (const name of historyNames) headers.delete(name)
  const before = hasHistory ? deathsIn(headers) : []
  const expiration = propertyOf(properties, 'expiration')
  const deaths = withDeath(before, death, copies, expiration)
  for (const name of namesOfDeath) {
    const first = `x-first-death-${name}`
    if (!headers.has(first)) headers.set(first, textField(death[name]))
    headers.set(`x-last-death-${name}`, textField(death[name]))
  }
  const plain = replaceProperty(properties, 'expiration', undefined)
  const record = new RecordWriter().write(withHistory(plain, headers, deaths), body)
  return { record, copies: isRerouted ? [] : copies, visited: visitedIn(deaths) }
}

/**
 * As much of the history as there is room for: of old deaths where they were and why, without which
 * no circle would be known. For that, the message's own headers go; it is a few kilobytes at most.
 */
function withHistory(
  plain: Uint8Array,
  headers: FieldTable,
  deaths: readonly FieldTable[]
): Uint8Array {
  const history = new Map([...headers].filter(([name]) => historyNames.includes(name)))
  for (const kept of [headers, history]) {
    for (let full = deaths.length; ; full >>>= 1) {
      const tables = deaths.map((table, i) => (i < full ? table : shortened(table)))
      const value = tables.map((table): FieldValue => ({ type: 'F', value: table }))
      const all = new Map(kept).set('x-death', { type: 'A', value })
      const properties = replaceProperty(plain, 'headers', all)
      if (properties.length <= amqpLimits.propertiesBytesMax) return properties
      if (full === 0) break
    }
  }
  return withHistory(plain, history, deaths.slice(0, deaths.length >>> 1))
}

function shortened(death: FieldTable): FieldTable {
  return new Map([...death].filter(([name]) => ['count', 'reason', 'queue'].includes(name)))
}

/** The routing keys in CC, if that is what it holds: a publisher of AMQP may write nothing else. */
function copiesIn(headers: FieldTable): readonly string[] {
  const copies = headers.get('CC')
  if (copies?.type !== 'A') return []
  const keys = copies.value.flatMap((key) => {
    return key.type === 'S' && key.value.length <= 255 ? [textOf(key.value)] : []
  })
  return [...new Set(keys)].slice(0, amqpLimits.copiesMax)
}

function deathsIn(headers: FieldTable): readonly FieldTable[] {
  const deaths = headers.get('x-death')
  if (deaths?.type !== 'A') return []
  return deaths.value.flatMap((item) => (item.type === 'F' ? [item.value] : []))
}

function textIn(table: FieldTable, name: string): string {
  const field = table.get(name)
  return field?.type === 'S' ? textOf(field.value) : ''
}

function withDeath(
  before: readonly FieldTable[],
  { queue, reason, exchange, routingKey, timeMs }: Death,
  copies: readonly string[],
  expiration: string | undefined
): readonly FieldTable[] {
  const isSame = (table: FieldTable): boolean =>
    textIn(table, 'queue') === queue && textIn(table, 'reason') === reason
  const known = before.find(isSame)
  const count = known?.get('count')
  if (known !== undefined && count?.type === 'l') {
    const again = new Map(known).set('count', { type: 'l', value: count.value + 1n })
    return [again, ...before.filter((table) => table !== known)]
  }
  const death = new Map<string, FieldValue>([
    ['count', longField(1)],
    ['reason', textField(reason)],
    ['queue', textField(queue)],
    ['time', { type: 'T', value: BigInt(Math.floor(timeMs / 1000)) }],
    ['exchange', textField(exchange)],
    ['routing-keys', { type: 'A', value: [routingKey, ...copies].map(textField) }]
  ])
  if (expiration !== undefined) death.set('original-expiration', textField(expiration))
  return [death, ...before]
}

function visitedIn(deaths: readonly FieldTable[]): ReadonlySet<string> {
  const visited = new Set<string>()
  for (const table of deaths) {
    if (reasonsOfConsumers.includes(textIn(table, 'reason'))) break
    visited.add(textIn(table, 'queue'))
  }
  return visited
}
