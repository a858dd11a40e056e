// How a headers binding is compared with a message (RabbitMQ's four modes of `x-match`). `all` and
// `any` leave out arguments whose name begins with 'x-'; `all-with-x` and `any-with-x` compare
// these, too. `x-match` itself is never compared. An argument without a value asks only that the
// header is there. With nothing to compare, `all` takes every message and `any` takes none.
import { canonicalValue } from '../binding.ts'
import type { BindingArguments } from '../metadata-command.ts'
import type { Headers } from '../topology-row.ts'

/** One argument to compare. `value` is canonical; null asks for presence only. */
export interface HeaderTerm {
  readonly name: string
  readonly value: string | null
}

export interface HeaderMatch {
  readonly isAll: boolean
  /** Ascending by name. */
  readonly terms: readonly HeaderTerm[]
}

const modes: readonly unknown[] = ['all', 'any', 'all-with-x', 'any-with-x']

/** Why these arguments cannot be bound to a headers exchange; null when they can. */
export function headerMatchFault(bindingArguments: BindingArguments): string | null {
  if (!Object.hasOwn(bindingArguments, 'x-match')) return null
  const mode = bindingArguments['x-match']
  return modes.includes(mode) ? null : 'x-match must be all, any, all-with-x or any-with-x'
}

/** Reads valid arguments (`headerMatchFault` is null). */
export function parseHeaderMatch(bindingArguments: BindingArguments): HeaderMatch {
  const mode = bindingArguments['x-match'] ?? 'all'
  const isWithX = mode === 'all-with-x' || mode === 'any-with-x'
  const terms: HeaderTerm[] = []
  for (const name of Object.keys(bindingArguments).sort()) {
    if (name === 'x-match' || (!isWithX && name.startsWith('x-'))) continue
    const value = bindingArguments[name] ?? null
    terms.push({ name, value: value === null ? null : canonicalValue(value) })
  }
  return { isAll: mode === 'all' || mode === 'all-with-x', terms }
}

/** Canonical values of a message's headers, each made at most once a route. */
export class CanonicalHeaders {
  readonly names: readonly string[]
  readonly #headers: NonNullable<Headers>
  readonly #values: Map<string, string> = new Map()

  constructor(headers: Headers) {
    this.#headers = headers ?? {}
    this.names = Object.keys(this.#headers)
  }

  /** Undefined when the message has no such header. */
  value(name: string): string | undefined {
    const known = this.#values.get(name)
    if (known !== undefined) return known
    if (!Object.hasOwn(this.#headers, name)) return undefined
    const value = canonicalValue(this.#headers[name] ?? null)
    this.#values.set(name, value)
    return value
  }
}

function holds(term: HeaderTerm, headers: CanonicalHeaders): boolean {
  const value = headers.value(term.name)
  return value !== undefined && (term.value === null || term.value === value)
}

export function matchesHeaders(match: HeaderMatch, headers: CanonicalHeaders): boolean {
  if (match.isAll) return match.terms.every((term) => holds(term, headers))
  return match.terms.some((term) => holds(term, headers))
}
