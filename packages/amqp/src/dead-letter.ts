// A message on its way from a queue to a dead letter exchange: the same body, and headers that tell
// what befell it, as RabbitMQ writes them. `x-death` has one table for each queue and reason, the
// latest first. What a client writes there itself is no history, and is written over.
import type { FieldTable, FieldValue } from './field-table.ts'
import { textField, textOf } from './field-value.ts'
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
  /** Queues that it has been in since it was last rejected, this one included. */
  readonly visited: ReadonlySet<string>
}

const historyHeaders = ['queue', 'reason', 'exchange'] as const

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
  const copies = copiesIn(headers)
  if (isRerouted) headers.delete('CC')
  const before = hasHistory ? deathsIn(headers) : []
  const expiration = propertyOf(properties, 'expiration')
  const deaths = withDeath(before, death, copies, expiration)
  if (!hasHistory) for (const name of historyHeaders) headers.delete(`x-first-death-${name}`)
  for (const name of historyHeaders) {
    const first = `x-first-death-${name}`
    if (!headers.has(first)) headers.set(first, textField(death[name]))
    headers.set(`x-last-death-${name}`, textField(death[name]))
  }
  const plain = replaceProperty(properties, 'expiration', undefined)
  const record = new RecordWriter().write(withHistory(plain, headers, deaths), body)
  return { record, copies: isRerouted ? [] : copies, visited: visitedIn(deaths) }
}

/** As much of the history as there is room for: what the message says itself comes first. */
function withHistory(
  plain: Uint8Array,
  headers: Map<string, FieldValue>,
  deaths: readonly FieldTable[]
): Uint8Array {
  for (let count = deaths.length; count > 0; count--) {
    const value = deaths.slice(0, count).map((table): FieldValue => ({ type: 'F', value: table }))
    headers.set('x-death', { type: 'A', value })
    const told = replaceProperty(plain, 'headers', headers)
    if (told.length <= amqpLimits.propertiesBytesMax) return told
  }
  return plain
}

/** The routing keys in CC, if that is what it holds: a publisher of AMQP may write nothing else. */
function copiesIn(headers: FieldTable): readonly string[] {
  const copies = headers.get('CC')
  if (copies?.type !== 'A') return []
  return copies.value.flatMap((key) => {
    return key.type === 'S' && key.value.length <= 255 ? [textOf(key.value)] : []
  })
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
    ['count', { type: 'l', value: 1n }],
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
    if (textIn(table, 'reason') === 'rejected') break
    visited.add(textIn(table, 'queue'))
  }
  return visited
}
