// A slow, obvious router to compare with: lists of bindings, a topic matcher by definition, a
// breadth-first walk with sets.
import type { HeaderValue } from '@holdfast/record'
import { canonicalValue } from '../src/binding.ts'
import type { BindingArguments, ExchangeKind } from '../src/index.ts'

/** Whether `pattern` matches `key`, both as words. Filled in as a table: no backtracking either. */
export function matchesTopic(pattern: string, key: string): boolean {
  const patternWords = pattern === '' ? [] : pattern.split('.')
  const words = key === '' ? [] : key.split('.')
  let row = words.map(() => false)
  row = [true, ...row]
  for (const part of patternWords) {
    const next: boolean[] = []
    for (let position = 0; position <= words.length; position++) {
      if (part === '#') next.push(row[position] === true || next[position - 1] === true)
      else {
        const isWord = part === '*' || part === words[position - 1]
        next.push(position > 0 && row[position - 1] === true && isWord)
      }
    }
    row = next
  }
  return row[words.length] === true
}

export function matchesHeadersNaively(
  bindingArguments: BindingArguments,
  headers: Readonly<Record<string, HeaderValue>> | null
): boolean {
  const mode = String(bindingArguments['x-match'] ?? 'all')
  const held = headers ?? {}
  const answers: boolean[] = []
  for (const [name, value] of Object.entries(bindingArguments)) {
    if (name === 'x-match') continue
    if (name.startsWith('x-') && !mode.endsWith('-with-x')) continue
    const isThere = Object.hasOwn(held, name)
    const isEqual = canonicalValue(held[name] ?? null) === canonicalValue(value)
    answers.push(isThere && (value === null || isEqual))
  }
  return mode.startsWith('all') ? !answers.includes(false) : answers.includes(true)
}

export interface NaiveExchange {
  readonly name: string
  readonly kind: ExchangeKind
  readonly alternateExchange: string | null
}

export interface NaiveBinding {
  readonly source: string
  readonly type: 'queue' | 'exchange'
  readonly name: string
  readonly bindingKey: string
  readonly arguments: BindingArguments
}

export interface NaiveTopology {
  readonly exchanges: readonly NaiveExchange[]
  readonly queues: readonly string[]
  readonly bindings: readonly NaiveBinding[]
}

/** Names of the queues that get the message, sorted. */
export function routeNaively(
  topology: NaiveTopology,
  start: string,
  routingKey: string,
  headers: Readonly<Record<string, HeaderValue>> | null
): readonly string[] {
  const queues = new Set<string>()
  const seen = new Set<string>()
  const waiting = [start]
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    if (seen.has(name)) continue
    seen.add(name)
    if (name === '') {
      if (topology.queues.includes(routingKey)) queues.add(routingKey)
      continue
    }
    const exchange = topology.exchanges.find((candidate) => candidate.name === name)
    if (exchange === undefined) continue
    const taken = topology.bindings.filter((binding) => {
      if (binding.source !== name) return false
      if (exchange.kind === 'fanout') return true
      if (exchange.kind === 'direct') return binding.bindingKey === routingKey
      if (exchange.kind === 'topic') return matchesTopic(binding.bindingKey, routingKey)
      return matchesHeadersNaively(binding.arguments, headers)
    })
    for (const binding of taken) {
      if (binding.type === 'queue') queues.add(binding.name)
      else waiting.push(binding.name)
    }
    const { alternateExchange } = exchange
    if (taken.length === 0 && alternateExchange !== null) waiting.push(alternateExchange)
  }
  return [...queues].sort()
}
