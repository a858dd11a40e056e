// What a binding may consist of: its key, and arguments of bounded size and depth that its exchange
// can read. Bounds keep a binding encodable in the log and in a snapshot page.
import { HoldfastError } from '@holdfast/errors'
import { type HeaderValue, pack } from '@holdfast/record'
import { headerMatchFault } from './exchange/header-match.ts'
import { metadataLimits } from './limits.ts'
import type { BindingArguments, ExchangeKind } from './metadata-command.ts'
import { isWellFormed, textFault } from './names.ts'

function listFault(items: readonly HeaderValue[], depth: number): string | null {
  for (const item of items) {
    const fault = valueFault(item, depth)
    if (fault !== null) return fault
  }
  return null
}

/** Why a value cannot be kept, `depth` containers being open around it; null when it can. */
function valueFault(value: unknown, depth: number): string | null {
  if (value === null || typeof value === 'boolean') return null
  if (typeof value === 'number') return null
  if (typeof value === 'string') return isWellFormed(value) ? null : 'an argument is not UTF-8'
  if (value instanceof Uint8Array) return null
  if (typeof value !== 'object') return 'an argument has a type that cannot be kept'
  if (depth >= metadataLimits.argumentsDepthMax) {
    return `arguments are nested deeper than ${metadataLimits.argumentsDepthMax}`
  }
  if (Array.isArray(value)) return listFault(value, depth + 1)
  if (!Object.keys(value).every(isWellFormed)) return 'the name of an argument is not UTF-8'
  return listFault(Object.values(value), depth + 1)
}

function bindingFault(bindingKey: string, bindingArguments: BindingArguments): string | null {
  const keyFault = textFault(bindingKey, metadataLimits.bindingKeyBytesMax)
  if (keyFault !== null) return `binding key: ${keyFault}`
  return argumentsFault(bindingArguments)
}

/** Why arguments, of a binding or a queue, cannot be kept; null when they can. */
export function argumentsFault(given: BindingArguments): string | null {
  if (Object.keys(given).length === 0) return null
  const fault = valueFault(given, 0)
  if (fault !== null) return fault
  const bytes = pack(given).length
  const bytesMax = metadataLimits.argumentsBytesMax
  return bytes > bytesMax ? `the arguments have ${bytes} bytes, more than ${bytesMax}` : null
}

/** @throws BINDING_INVALID */
export function checkBinding(bindingKey: string, bindingArguments: BindingArguments): void {
  const reason = bindingFault(bindingKey, bindingArguments)
  if (reason !== null) throw new HoldfastError('BINDING_INVALID', { reason })
}

/** What the kind of the source asks of a binding. @throws BINDING_INVALID */
export function checkBindingOf(kind: ExchangeKind, bindingArguments: BindingArguments): void {
  const reason = kind === 'headers' ? headerMatchFault(bindingArguments) : null
  if (reason !== null) throw new HoldfastError('BINDING_INVALID', { reason })
}
