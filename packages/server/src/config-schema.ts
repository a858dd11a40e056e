// Every setting of a node, as one table: from it come the flags, the environment variables, the
// checks and docs/reference/configuration.md.
import { readFileSync } from 'node:fs'
import { type TlsConfiguration, tlsSettings } from './tls/settings.ts'

interface SettingBase {
  /** As in the configuration file; HOLDFAST_LIKE_THIS in the environment, --like-this as a flag. */
  readonly name: string
  /** One sentence or two, for the reference page and `--help`. */
  readonly doc: string
}

export interface TextSetting extends SettingBase {
  readonly type: 'text'
  readonly default: string | null
  /** Never printed. */
  readonly isSecret?: true
}

/** `HOST:PORT`. */
export interface AddressSetting extends SettingBase {
  readonly type: 'address'
  readonly default: string
}

export interface AddressListSetting extends SettingBase {
  readonly type: 'address-list'
  readonly default: readonly string[]
}

export interface TextListSetting extends SettingBase {
  readonly type: 'text-list'
  readonly default: readonly string[]
}

export interface IntegerSetting extends SettingBase {
  readonly type: 'integer'
  readonly unit: 'bytes' | 'milliseconds' | 'count'
  readonly default: number
  readonly min: number
  readonly max: number
}

export interface BooleanSetting extends SettingBase {
  readonly type: 'boolean'
  readonly default: boolean
}

export interface ChoiceSetting extends SettingBase {
  readonly type: 'choice'
  readonly choices: readonly string[]
  readonly default: string
}

export type Setting =
  | TextSetting
  | AddressSetting
  | AddressListSetting
  | TextListSetting
  | IntegerSetting
  | BooleanSetting
  | ChoiceSetting

/** A node's settings, checked and frozen. */
export interface Configuration extends TlsConfiguration {
  readonly data: string
  readonly client: string
  readonly amqp: string
  readonly peer: string
  readonly http: string
  readonly seed: readonly string[]
  readonly token: string
  readonly bootstrap: boolean
  readonly defaultUser: string
  readonly defaultPassword: string
  readonly amqpIdentity: 'rabbitmq' | 'self'
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
  readonly connectionsMax: number
  readonly clientBufferBytesMax: number
  readonly clientBuffersBytesMax: number
  readonly writeBufferBytes: number
  readonly shutdownTimeoutMs: number
}

const MiB = 1024 * 1024

export const schema: readonly Setting[] = [
  {
    name: 'data',
    type: 'text',
    default: null,
    doc:
      'Directory that holds everything this node persists. Created when it does not ' +
      'exist. Required.'
  },
  {
    name: 'client',
    type: 'address',
    default: 'localhost:7672',
    doc: 'Where clients connect with the native protocol.'
  },
  {
    name: 'amqp',
    type: 'address',
    default: 'localhost:5672',
    doc: 'Where clients connect with AMQP 0-9-1.'
  },
  {
    name: 'peer',
    type: 'address',
    default: '127.0.0.1:7673',
    doc: 'Where other nodes connect.'
  },
  {
    name: 'http',
    type: 'address',
    default: 'localhost:7680',
    doc:
      'Where the admin API, metrics and WebSocket clients connect: the native protocol at ' +
      '`/v1/connect`, AMQP 0-9-1 at `/amqp`.'
  },
  {
    name: 'seed',
    type: 'address-list',
    default: [],
    doc:
      'Peer addresses of other nodes, asked before a bootstrap: it is refused when one of ' +
      'them is a member already, or may be one: it takes the connection, and does not answer ' +
      'as a blank node with the same token. Given several times as a flag, separated by ' +
      'commas in the environment.'
  },
  {
    name: 'token',
    type: 'text',
    default: '',
    isSecret: true,
    doc:
      'Join token, the same on all nodes of a cluster. Nodes with another one are refused. A ' +
      '`peer` address other than loopback needs it.'
  },
  {
    name: 'bootstrap',
    type: 'boolean',
    default: false,
    doc:
      'Start a new cluster when the data directory is blank. A directory that belongs to ' +
      'a cluster just starts.'
  },
  {
    name: 'defaultUser',
    type: 'text',
    default: 'guest',
    doc:
      'Name of the first administrator of a cluster that is started; of no effect after that. ' +
      'Whoever is called `guest` may come from this machine only.'
  },
  {
    name: 'defaultPassword',
    type: 'text',
    default: 'guest',
    isSecret: true,
    doc:
      'Its password. As long as `guest` has the password `guest`, clients on this machine that ' +
      'give none are `guest`.'
  },
  {
    name: 'amqpIdentity',
    type: 'choice',
    choices: ['rabbitmq', 'self'],
    default: 'rabbitmq',
    doc:
      'What AMQP clients are told of the server as `product` and `version`: RabbitMQ and the ' +
      'release that it behaves as, or its own. Its own are in `platform` in any case.'
  },
  {
    name: 'logLevel',
    type: 'choice',
    choices: ['debug', 'info', 'warn', 'error'],
    default: 'info',
    doc: 'The least severe lines that are logged. Logs are JSON lines on stderr.'
  },
  {
    name: 'connectionsMax',
    type: 'integer',
    unit: 'count',
    default: 10_000,
    min: 1,
    max: 100_000,
    doc: 'Client connections at a time, over TCP and WebSocket together.'
  },
  {
    name: 'clientBufferBytesMax',
    type: 'integer',
    unit: 'bytes',
    default: 64 * MiB,
    min: 18 * MiB,
    max: 1024 * MiB,
    doc:
      'Bytes that may wait for one client that reads slowly; beyond it the client is ' +
      'disconnected.'
  },
  {
    name: 'clientBuffersBytesMax',
    type: 'integer',
    unit: 'bytes',
    default: 256 * MiB,
    min: 18 * MiB,
    max: 16_384 * MiB,
    doc: 'Bytes that may wait for all clients together; beyond it the slowest is disconnected.'
  },
  {
    name: 'writeBufferBytes',
    type: 'integer',
    unit: 'bytes',
    default: 4 * MiB,
    min: 2 * MiB,
    max: 4 * MiB,
    doc:
      'Write buffer of LevelDB. Each node takes up to a quarter less (not below 2 MiB), ' +
      'so that nodes do not stall in step.'
  },
  {
    name: 'shutdownTimeoutMs',
    type: 'integer',
    unit: 'milliseconds',
    default: 5000,
    min: 500,
    max: 60_000,
    doc:
      'How long an orderly shutdown may take; then the process ends as it stands, which ' +
      'loses nothing.'
  },
  ...tlsSettings
]

export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

export function environmentVariableOf(name: string): string {
  return `HOLDFAST_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** What stands in the columns 'type' and 'range' of the reference page. */
export function describeType(setting: Setting): string {
  switch (setting.type) {
    case 'integer':
      return `${setting.unit}, ${setting.min} to ${setting.max}`
    case 'choice':
      return setting.choices.map((choice) => `\`${choice}\``).join(', ')
    case 'address':
      return '`HOST:PORT`'
    case 'address-list':
      return 'list of `HOST:PORT`'
    case 'text-list':
      return 'list of texts'
    default:
      return setting.type
  }
}

function describeDefault(setting: Setting): string {
  if (setting.default === null) return 'none'
  if (Array.isArray(setting.default)) return 'empty'
  return setting.default === '' ? 'empty' : `\`${String(setting.default)}\``
}

/** The whole of docs/reference/configuration.md. */
export function configurationPage(): string {
  const rows = schema.map(
    (setting) =>
      `| \`${setting.name}\` | ${describeType(setting)} | ${describeDefault(setting)} ` +
      `| ${setting.doc} |`
  )
  const template = new URL('configuration-page.md', packageRoot())
  return readFileSync(template, 'utf8').replace('{settings}', rows.join('\n'))
}

/** The sources lie in `src` and, built, in `dist/src`. */
function packageRoot(): URL {
  return new URL('.', import.meta.resolve('@holdfast/server/package.json'))
}
