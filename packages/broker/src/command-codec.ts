// Metadata commands as bytes.
//   batch   := msgpack [version, timeMs, [command…]], each command a bin
//   command := msgpack map with `type` and the fields of that type
// A command is encoded by itself, so that one that cannot be read is refused alone, and a leader
// can put a command into a batch as a gateway sent it. The table below says what each command
// consists of; nothing beyond it is accepted, and what passed it has exactly the static type.
// Meaning (names, options, existence) is judged in apply.
import { HoldfastError } from '@holdfast/errors'
import { pack, unpack } from '@holdfast/record'
import { hashAlgorithms } from './access/password-hash.ts'
import { metadataLimits } from './limits.ts'
import type { MetadataBatch, MetadataCommand } from './metadata-command.ts'
import { textFault } from './names.ts'
import { metadataFormatVersion } from './version.ts'

/** Says why a value is not what a field must be; null when it is. */
type Check = (value: unknown) => string | null
type Fields = Readonly<Record<string, Check>>

function refuse(reason: string): HoldfastError {
  return new HoldfastError('REQUEST_INVALID', { reason })
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !Array.isArray(value) && !(value instanceof Uint8Array)
}

const count: Check = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 0 ? null : 'is not a whole number from 0'
const flag: Check = (value) => (typeof value === 'boolean' ? null : 'is not true or false')
const anyText: Check = (value) => (typeof value === 'string' ? null : 'is not a text')
const map: Check = (value) => (isMap(value) ? null : 'is not a map')

/** A text whose length matters to nothing but its room. */
function text(bytesMax: number): Check {
  return (value) => (typeof value === 'string' ? textFault(value, bytesMax) : 'is not a text')
}

function orNull(check: Check): Check {
  return (value) => (value === null ? null : check(value))
}

function oneOf(...literals: readonly string[]): Check {
  return (value) =>
    literals.some((literal) => literal === value) ? null : `is not one of ${literals.join(', ')}`
}

function listOf(check: Check, countMax: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'is not a list'
    if (value.length > countMax) return `has more than ${countMax} items`
    for (const item of value) {
      const fault = check(item)
      if (fault !== null) return `has an item that ${fault}`
    }
    return null
  }
}

/** What is `optional` may be left out. */
function shape(fields: Fields, optional: Fields = {}): Check {
  const names = Object.keys(fields)
  return (value) => {
    if (!isMap(value)) return 'is not a map'
    for (const name of names) {
      if (!Object.hasOwn(value, name)) return `has no '${name}'`
      const fault = fields[name]?.(value[name]) ?? null
      if (fault !== null) return `has a '${name}' that ${fault}`
    }
    const extra = Object.keys(optional).filter((name) => Object.hasOwn(value, name))
    for (const name of extra) {
      const fault = optional[name]?.(value[name]) ?? null
      if (fault !== null) return `has a '${name}' that ${fault}`
    }
    const known = names.length + extra.length
    return Object.keys(value).length > known ? 'has fields that are not known' : null
  }
}

const address = text(metadataLimits.addressBytesMax)
const sentence = text(metadataLimits.sentenceBytesMax)
const addresses = shape({ client: address, peer: address, http: address })
const replicas = listOf(count, metadataLimits.replicasMax)
const destination = shape({ type: oneOf('queue', 'exchange'), name: anyText })
const binding: Fields = {
  vhost: anyText,
  source: anyText,
  destination,
  bindingKey: anyText,
  arguments: map
}

const passwordHash = shape({ algorithm: oneOf(...hashAlgorithms), hash: sentence })
const named: Fields = { user: anyText, vhost: anyText }

const queueOwner = shape({ replica: count, process: count, connection: count, client: address })

/** What a command may have besides. */
const optionalFields: Readonly<Record<string, Fields>> = {
  initialise: { owner: shape({ user: anyText, password: passwordHash }) },
  'declare-queue': { owner: queueOwner },
  bind: { client: address },
  unbind: { client: address }
}

const commandFields: Readonly<Record<MetadataCommand['type'], Fields>> = {
  initialise: { clusterId: address, storeId: address, addresses, shards: count },
  'add-node': { storeId: address, addresses },
  'adopt-incarnation': { node: count, storeId: address, addresses },
  'update-node': { node: count, addresses },
  'set-node-state': { node: count, state: oneOf('joining', 'up', 'leaving', 'damaged') },
  'forget-node': { node: count },
  'add-shards': { placements: listOf(replicas, metadataLimits.shardsMax) },
  'place-group': { group: count, replicas },
  'start-operation': {
    kind: oneOf('add-node', 'remove-node'),
    peer: orNull(address),
    node: orNull(count)
  },
  'advance-operation': {
    id: count,
    node: orNull(count),
    step: sentence,
    done: count,
    total: count,
    sentence
  },
  'end-operation': { id: count, error: orNull(shape({ code: sentence, message: sentence })) },
  'declare-vhost': { vhost: anyText },
  'delete-vhost': { vhost: anyText },
  'declare-exchange': { vhost: anyText, name: anyText, kind: anyText, options: map },
  'delete-exchange': { vhost: anyText, name: anyText, ifUnused: flag },
  bind: binding,
  unbind: binding,
  'declare-queue': { vhost: anyText, name: anyText, options: map, group: count },
  'delete-queue': { vhost: anyText, name: anyText, queue: orNull(count) },
  'put-user': {
    user: anyText,
    password: orNull(passwordHash),
    tags: listOf(anyText, metadataLimits.tagsMax)
  },
  'delete-user': { user: anyText },
  'set-user-limit': {
    user: anyText,
    limit: oneOf('max-connections', 'max-channels'),
    value: orNull(count)
  },
  'set-permission': { ...named, configure: anyText, write: anyText, read: anyText },
  'clear-permission': named,
  'set-topic-permission': { ...named, exchange: anyText, write: anyText, read: anyText },
  'clear-topic-permission': { ...named, exchange: orNull(anyText) },
  'put-vhost': { vhost: anyText, description: orNull(anyText), owner: orNull(anyText) },
  'set-vhost-limit': {
    vhost: anyText,
    limit: oneOf('max-connections', 'max-queues'),
    value: orNull(count)
  },
  'acknowledge-outbox': {
    groups: listOf(shape({ group: count, upTo: count }), metadataLimits.shardsMax)
  },
  'activate-version': { version: count }
}

const commandChecks: ReadonlyMap<string, Check> = new Map(
  Object.entries(commandFields).map(([type, fields]) => {
    return [type, shape({ type: anyText, ...fields }, optionalFields[type])]
  })
)

/**
 * Checks the shape of a command that came from outside.
 * @throws OPERATION_UNKNOWN for a type that this version does not know, REQUEST_INVALID
 */
export function readMetadataCommand(value: unknown): MetadataCommand {
  if (!isMap(value)) throw refuse('a command is a map')
  const { type } = value
  if (typeof type !== 'string') throw refuse('a command has no type')
  const check = commandChecks.get(type)
  if (check === undefined) throw new HoldfastError('OPERATION_UNKNOWN', { operation: type })
  const fault = check(value)
  if (fault !== null) throw refuse(`command ${type} ${fault}`)
  return value as unknown as MetadataCommand
}

/** @throws REQUEST_INVALID for a command whose fields are not as the type says */
export function encodeMetadataCommand(command: MetadataCommand): Uint8Array {
  return pack(readMetadataCommand(command))
}

/** @throws FRAME_INVALID, OPERATION_UNKNOWN, REQUEST_INVALID */
export function decodeMetadataCommand(bytes: Uint8Array): MetadataCommand {
  return readMetadataCommand(unpack(bytes))
}

/**
 * Puts encoded commands into one batch; whole milliseconds count. @throws REQUEST_INVALID for too
 * many
 */
export function packMetadataBatch(timeMs: number, commands: readonly Uint8Array[]): Uint8Array {
  const { commandsMax } = metadataLimits
  if (commands.length > commandsMax) throw refuse(`a batch has more than ${commandsMax} commands`)
  return pack([metadataFormatVersion, Math.floor(timeMs), commands])
}

/** @throws REQUEST_INVALID */
export function encodeMetadataBatch(batch: MetadataBatch): Uint8Array {
  if (batch.version !== metadataFormatVersion) throw refuse(`no batch version ${batch.version}`)
  return packMetadataBatch(batch.timeMs, batch.commands.map(encodeMetadataCommand))
}

/** A batch whose commands are yet to be read, each by `decodeMetadataCommand`. */
export interface PackedMetadataBatch {
  readonly version: number
  readonly timeMs: number
  readonly commands: readonly Uint8Array[]
}

/** @throws FRAME_INVALID, VERSION_UNSUPPORTED */
export function unpackMetadataBatch(data: Uint8Array): PackedMetadataBatch {
  const value = unpack(data)
  if (!Array.isArray(value) || value.length !== 3) {
    throw new HoldfastError('FRAME_INVALID', { reason: 'a metadata batch has three parts' })
  }
  const [version, timeMs, commands]: readonly unknown[] = value
  if (version !== metadataFormatVersion) {
    const found = typeof version === 'number' ? version : `of type ${typeof version}`
    const details = { version: found, supported: metadataFormatVersion }
    throw new HoldfastError('VERSION_UNSUPPORTED', details)
  }
  const isList = Array.isArray(commands) && commands.length <= metadataLimits.commandsMax
  if (!isList || !commands.every((command) => command instanceof Uint8Array)) {
    throw new HoldfastError('FRAME_INVALID', { reason: 'a metadata batch has a list of commands' })
  }
  if (typeof timeMs !== 'number' || !Number.isSafeInteger(timeMs) || timeMs < 0) {
    throw new HoldfastError('FRAME_INVALID', { reason: 'a metadata batch has a time' })
  }
  return { version, timeMs, commands }
}
