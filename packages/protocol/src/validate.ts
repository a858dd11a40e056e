// Checks of the arguments of requests, shared by server (what a stranger sent) and SDK (so that a
// mistake of the application is refused before anything is sent). Each refusal is a coded error
// that names the argument.
import { HoldfastError } from '@holdfast/errors'
import { type HeaderValue, pack, unpack, utf8Length } from '@holdfast/record'
import { protocolLimits } from './limits.ts'

/** The arguments of a request as they were decoded: a map with unknown values. */
export type Arguments = Readonly<Record<string, unknown>>

/** @throws REQUEST_INVALID unless `value` is a map. */
export function mapOf(value: unknown, what: string): Arguments {
  const isMap =
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  if (!isMap) throw new HoldfastError('REQUEST_INVALID', { reason: `${what} must be a map` })
  return value as Arguments
}

/** @throws OPTION_UNKNOWN for the first key that is not in `known`. */
export function checkKeys(kind: string, found: Arguments, known: readonly string[]): void {
  for (const option of Object.keys(found)) {
    if (!known.includes(option)) throw new HoldfastError('OPTION_UNKNOWN', { option, kind })
  }
}

/** @throws NAME_INVALID unless `value` is a text of `bytesMin` to 255 bytes of UTF-8. */
export function checkName(kind: string, value: unknown, bytesMin = 1): string {
  if (typeof value !== 'string') {
    throw new HoldfastError('NAME_INVALID', { kind, reason: 'it is not a text' })
  }
  const bytes = lengthOf(kind, value)
  if (bytes < bytesMin || bytes > protocolLimits.nameBytesMax) {
    throw new HoldfastError('NAME_INVALID', { kind, reason: `it has ${bytes} bytes` })
  }
  return value
}

/** User and password, both or neither. @throws NAME_INVALID, CREDENTIALS_REQUIRED */
export function checkCredentials(
  user: unknown,
  password: unknown
): { readonly user: string | null; readonly password: string | null } {
  const isNone = (user ?? null) === null && (password ?? null) === null
  if (isNone) return { user: null, password: null }
  const isPassword =
    typeof password === 'string' && password.length <= protocolLimits.passwordLengthMax
  if ((user ?? null) === null || !isPassword) throw new HoldfastError('CREDENTIALS_REQUIRED')
  return { user: checkName('user', user), password }
}

/** No text has fewer bytes than code units, so a very long one is not measured. */
function lengthOf(kind: string, name: string): number {
  if (name.length > protocolLimits.nameBytesMax) return name.length
  try {
    return utf8Length(name)
  } catch (error) {
    const reason = 'it is not valid UTF-8'
    throw new HoldfastError('NAME_INVALID', { kind, reason }, { cause: error })
  }
}

/** A boolean that may be left out, and is `false` then. */
export function checkFlag(kind: string, found: Arguments, option: string): boolean {
  const value = found[option]
  if (value === undefined) return false
  if (typeof value === 'boolean') return value
  throw new HoldfastError('OPTION_INVALID', { option, kind, reason: 'it must be true or false' })
}

/** An integer in a range. @throws OPTION_INVALID */
export function checkInteger(
  kind: string,
  found: Arguments,
  option: string,
  range: { readonly min: number; readonly max: number }
): number {
  const value = found[option]
  const isInside =
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= range.min &&
    value <= range.max
  if (isInside) return value
  const reason = `it must be an integer from ${range.min} to ${range.max}`
  throw new HoldfastError('OPTION_INVALID', { option, kind, reason })
}

/**
 * The arguments of a binding: any map of header values within its bound. Answers with a copy of
 * what the wire carries, which stays as it is whatever the application does to its own.
 */
export function checkBindingArguments(value: unknown): Readonly<Record<string, HeaderValue>> {
  if (value === undefined || value === null) return {}
  const found = mapOf(value, 'arguments')
  let packed: Uint8Array
  try {
    packed = pack(found)
  } catch (error) {
    throw new HoldfastError(
      'BINDING_INVALID',
      { reason: 'its arguments cannot be encoded' },
      { cause: error }
    )
  }
  if (packed.length > protocolLimits.argumentsBytesMax) {
    const limit = protocolLimits.argumentsBytesMax
    const reason = `its arguments have ${packed.length} bytes, the limit is ${limit}`
    throw new HoldfastError('BINDING_INVALID', { reason })
  }
  return unpack(packed) as Readonly<Record<string, HeaderValue>>
}

/** Flat ranges `[first, last, attempt, …]`: whole, ascending inside, offsets from 1. */
function checkDeliveryRanges(value: unknown): readonly number[] {
  const invalid = (reason: string) => new HoldfastError('REQUEST_INVALID', { reason })
  if (!Array.isArray(value) || value.length % 3 !== 0) {
    throw invalid('ranges of deliveries come as first, last, attempt')
  }
  if (value.length > 3 * protocolLimits.rangesMax) throw invalid('there are too many ranges')
  for (let i = 0; i < value.length; i += 3) {
    const [first, last, attempt] = [value[i], value[i + 1], value[i + 2]] as unknown[]
    const isRange = isNatural(first) && isNatural(last) && isNatural(attempt)
    if (!isRange || first < 1 || last < first) throw invalid('a range of deliveries is not one')
  }
  return value as readonly number[]
}

/** Ranges of deliveries that one consumer can hold at a time: no more than the largest prefetch. */
export function checkHeldRanges(value: unknown): readonly number[] {
  const ranges = checkDeliveryRanges(value)
  let held = 0
  for (let i = 0; i < ranges.length; i += 3) held += (ranges[i + 1] ?? 0) - (ranges[i] ?? 0) + 1
  if (held <= protocolLimits.prefetchMax) return ranges
  const reason = `no consumer holds more than ${protocolLimits.prefetchMax} deliveries`
  throw new HoldfastError('REQUEST_INVALID', { reason })
}

/** Whether it is a safe integer from 0. */
export function isNatural(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** Only durable ones exist in this version, so `durable` may be said but not denied. */
export function checkDurable(kind: string, options: Arguments): void {
  const durable = options['durable']
  if (durable === undefined || durable === true) return
  const reason = 'only durable ones exist in this version'
  throw new HoldfastError('OPTION_INVALID', { option: 'durable', kind, reason })
}
