// What server and client tell of themselves in connection.start and start-ok.
import type { FieldTable, FieldValue } from './field-table.ts'
import { textField } from './field-value.ts'

export interface ServerIdentity {
  readonly product: string
  readonly version: string
  /** What the server is, with its own version, whatever product it passes for. */
  readonly platform: string
  readonly clusterName: string
}

/** Clients look these up, and do without what they do not find. */
const capabilities = [
  'publisher_confirms',
  'exchange_exchange_bindings',
  'basic.nack',
  'consumer_cancel_notify',
  'connection.blocked',
  'consumer_priorities',
  'authentication_failure_close',
  'per_consumer_qos',
  'direct_reply_to'
]

export function serverProperties(identity: ServerIdentity): FieldTable {
  const { product, version, platform, clusterName } = identity
  const able: FieldTable = new Map(
    capabilities.map((name): [string, FieldValue] => [name, { type: 't', value: true }])
  )
  return new Map<string, FieldValue>([
    ['capabilities', { type: 'F', value: able }],
    ['cluster_name', textField(clusterName)],
    ['copyright', textField('Apache License 2.0')],
    ['information', textField(`${platform}, a clustered message broker`)],
    ['platform', textField(platform)],
    ['product', textField(product)],
    ['version', textField(version)]
  ])
}

/** Capabilities of a client that change what it is sent. */
export interface ClientCapabilities {
  /** May be sent basic.cancel. */
  readonly cancelNotify: boolean
  /** May be sent connection.blocked. */
  readonly blocked: boolean
  /** Wants a refused login answered by connection.close. */
  readonly authenticationFailureClose: boolean
}

export const noCapabilities: ClientCapabilities = {
  cancelNotify: false,
  blocked: false,
  authenticationFailureClose: false
}

export function clientCapabilities(clientProperties: FieldTable): ClientCapabilities {
  const field = clientProperties.get('capabilities')
  const able: FieldTable = field?.type === 'F' ? field.value : new Map()
  const has = (name: string): boolean => {
    const flag = able.get(name)
    return flag?.type === 't' && flag.value
  }
  return {
    cancelNotify: has('consumer_cancel_notify'),
    blocked: has('connection.blocked'),
    authenticationFailureClose: has('authentication_failure_close')
  }
}
