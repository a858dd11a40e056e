// What makes two bindings the same, and the lists that bindings are kept in. A binding is
// identified by source, destination, binding key and arguments (AMQP 0-9-1 queue.bind: binding
// twice is no error); the order of the arguments does not matter, nor does the width in which a
// number was sent.
import { assert } from '@holdfast/errors'
import type { HeaderValue } from '@holdfast/record'
import type { BindingArguments, Destination } from './metadata-command.ts'
import type { Binding } from './topology-row.ts'

const hexadecimalDigits = '0123456789abcdef'

function canonicalBytes(bytes: Uint8Array): string {
  let text = `b${bytes.length}:`
  for (const byte of bytes) text += `${hexadecimalDigits[byte >> 4]}${hexadecimalDigits[byte & 15]}`
  return text
}

/**
 * A text that is equal for two values exactly when the values are equal. Lengths stand in front, so
 * no value can imitate another one's parts. Never shorter than a third of the value's msgpack form.
 */
export function canonicalValue(value: HeaderValue): string {
  if (value === null) return 'z'
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (typeof value === 'number') return `n${value};`
  if (typeof value === 'string') return `s${value.length}:${value}`
  if (value instanceof Uint8Array) return canonicalBytes(value)
  if (Array.isArray(value)) {
    const items: readonly HeaderValue[] = value
    return `a${items.length}[${items.map(canonicalValue).join('')}]`
  }
  return canonicalArguments(value as BindingArguments)
}

/** The same for a map, whatever the order of its keys. Empty text for an empty map. */
export function canonicalArguments(bindingArguments: BindingArguments): string {
  const names = Object.keys(bindingArguments).sort()
  if (names.length === 0) return ''
  let text = `m${names.length}{`
  for (const name of names) {
    text += `${name.length}:${name}${canonicalValue(bindingArguments[name] ?? null)}`
  }
  return `${text}}`
}

/** What every binding without arguments refers to. */
export const noArguments: BindingArguments = Object.freeze(Object.create(null))

/** Key of a binding within its source exchange. */
export function bindingIdentity(
  destination: Destination,
  bindingKey: string,
  bindingArguments: BindingArguments
): string {
  const kind = destination.type === 'queue' ? 'q' : 'e'
  const { name } = destination
  const tail = canonicalArguments(bindingArguments)
  return `${kind}${name.length}:${name}${bindingKey.length}:${bindingKey}${tail}`
}

/** First position in `list` whose id is not below `id`. */
function positionOf(list: readonly Binding[], id: number): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if ((list[middle]?.id ?? 0) < id) low = middle + 1
    else high = middle
  }
  return low
}

/** Keeps `list` ascending by id; almost always an append. */
export function insertBinding(list: Binding[], binding: Binding): void {
  const last = list.at(-1)
  if (last === undefined || last.id < binding.id) list.push(binding)
  else list.splice(positionOf(list, binding.id), 0, binding)
}

/** Removes `binding`, which must be in `list`. */
export function removeBinding(list: Binding[], binding: Binding): void {
  const position = positionOf(list, binding.id)
  assert(list[position] === binding, 'a binding to remove is in its list')
  if (position === list.length - 1) list.pop()
  else list.splice(position, 1)
}
