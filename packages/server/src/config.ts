// Settings from four places made one: default < file < environment < flag. Checked once, frozen,
// and handed down; nobody else reads the environment.
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { HoldfastError, unreachable } from '@holdfast/errors'
import { isLoopbackHost, parseAddress } from '@holdfast/transport'
import { type Configuration, environmentVariableOf, type Setting, schema } from './config-schema.ts'
import { serverLimits } from './limits.ts'
import { isSecured, type ListenerName, mayBind } from './tls/may-bind.ts'
import { assertTlsRelations } from './tls/settings.ts'

/**
 * What a person wrote, by name of the setting. Texts are parsed; other values must have the type.
 */
export type RawSettings = Readonly<Record<string, unknown>>

export interface ConfigurationSources {
  /** Flags that were given. `config` names the file. */
  readonly flags: RawSettings
  readonly environment: Readonly<Record<string, string | undefined>>
}

const invalid = (setting: string, reason: string): HoldfastError =>
  new HoldfastError('CONFIGURATION_INVALID', { setting, reason })

/** @throws CONFIGURATION_INVALID, ADDRESS_REFUSED */
export function loadConfiguration(sources: ConfigurationSources): Configuration {
  const { config } = sources.flags
  const { HOLDFAST_CONFIG: configVariable } = sources.environment
  const path = config ?? configVariable
  const file = typeof path === 'string' ? readSettingsFile(path) : {}
  const values: Record<string, unknown> = {}
  for (const setting of schema) {
    const { name } = setting
    const fromEnvironment = sources.environment[environmentVariableOf(name)]
    const raw = sources.flags[name] ?? fromEnvironment ?? file[name] ?? setting.default
    values[name] = parseSetting(setting, raw)
  }
  const configuration = values as unknown as Configuration
  assertRelations(configuration)
  return Object.freeze({ ...configuration, data: resolve(configuration.data) })
}

/** @throws CONFIGURATION_INVALID for anything but a JSON object of known settings */
function readSettingsFile(path: string): RawSettings {
  let parsed: unknown
  try {
    if (statSync(path).size > serverLimits.configurationFileBytes) {
      throw new Error('the file is larger than 1 MiB')
    }
    parsed = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw invalid('config', `${path}: ${reason}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid('config', `${path} does not hold a JSON object`)
  }
  const known = new Set(schema.map((setting) => setting.name))
  const unknown = Object.keys(parsed).find((name) => !known.has(name))
  if (unknown !== undefined) throw invalid(unknown, `${path} names a setting that does not exist`)
  return parsed as RawSettings
}

function parseSetting(setting: Setting, raw: unknown): unknown {
  const { name } = setting
  switch (setting.type) {
    case 'text':
      if (raw === null) throw invalid(name, 'it is required')
      if (typeof raw !== 'string') throw invalid(name, 'it is not a text')
      if (raw === '' && setting.default === null) throw invalid(name, 'it is empty')
      return raw
    case 'address':
      return parseHostPort(name, raw)
    case 'address-list':
      return Object.freeze(listOf(name, raw).map((address) => parseHostPort(name, address)))
    case 'text-list':
      return Object.freeze(listOf(name, raw).map(String))
    case 'integer': {
      const isDigits = typeof raw === 'string' && /^\d{1,15}$/.test(raw)
      const value = isDigits ? Number(raw) : raw
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
        throw invalid(name, `${textOf(raw)} is not an integer`)
      }
      if (value < setting.min || value > setting.max) {
        throw invalid(name, `${value} is not between ${setting.min} and ${setting.max}`)
      }
      return value
    }
    case 'boolean':
      if (raw === 'true' || raw === '1') return true
      if (raw === 'false' || raw === '0') return false
      if (typeof raw !== 'boolean') throw invalid(name, `${textOf(raw)} is not true or false`)
      return raw
    case 'choice':
      if (typeof raw !== 'string' || !setting.choices.includes(raw)) {
        throw invalid(name, `${textOf(raw)} is none of ${setting.choices.join(', ')}`)
      }
      return raw
    default:
      return unreachable(setting)
  }
}

/** What a person wrote; a file may hold any JSON, also what has no text of its own. */
function textOf(raw: unknown): string {
  return typeof raw === 'string' ? `'${raw}'` : JSON.stringify(raw)
}

function listOf(name: string, raw: unknown): readonly unknown[] {
  const list = typeof raw === 'string' ? raw.split(',').filter((part) => part !== '') : raw
  if (!Array.isArray(list)) throw invalid(name, 'it is not a list')
  return list
}

function parseHostPort(name: string, raw: unknown): string {
  if (typeof raw !== 'string') throw invalid(name, 'it is not HOST:PORT')
  try {
    parseAddress(raw)
  } catch {
    throw invalid(name, `'${raw}' is not HOST:PORT`)
  }
  return raw
}

/** Closed by default (architecture A17). */
function assertClosed(configuration: Configuration): void {
  for (const { name, type } of schema) {
    if (type !== 'address') continue
    const listener = name as ListenerName
    const address = configuration[listener]
    const { host } = parseAddress(address)
    if (!mayBind(listener, configuration)) throw new HoldfastError('ADDRESS_REFUSED', { address })
    if (host === '0.0.0.0' || /^[0:]+$/.test(host)) {
      const reason = `others are told this address, and cannot dial ${host}`
      throw invalid(listener, `${reason}; give a name or an address of this machine`)
    }
  }
  // An authority that is shared with others is not yet a way in (docs/adr/0028-tls.md).
  if (configuration.token === '' && !isLoopbackHost(parseAddress(configuration.peer).host)) {
    throw invalid('token', 'a peer address other than loopback needs it')
  }
  for (const address of configuration.seed) {
    if (isLoopbackHost(parseAddress(address).host) || isSecured('peer', configuration)) continue
    throw new HoldfastError('ADDRESS_REFUSED', { address })
  }
}

function assertRelations(configuration: Configuration): void {
  const { client, amqp, peer, http } = configuration
  const { clientBufferBytesMax, clientBuffersBytesMax } = configuration
  // Two listeners cannot share an address; the system's own error would not say which two.
  const fixed = [client, amqp, peer, http].filter((address) => parseAddress(address).port !== 0)
  if (new Set(fixed).size !== fixed.length) {
    throw invalid('client', 'client, amqp, peer and http must be different addresses')
  }
  if (configuration.defaultUser === '' || Buffer.byteLength(configuration.defaultUser) > 255) {
    throw invalid('defaultUser', 'it must have 1 to 255 bytes')
  }
  // One client could otherwise use up more than all of them may.
  if (clientBufferBytesMax > clientBuffersBytesMax) {
    throw invalid('clientBufferBytesMax', 'it is larger than clientBuffersBytesMax')
  }
  assertTlsRelations(configuration)
  assertClosed(configuration)
}
