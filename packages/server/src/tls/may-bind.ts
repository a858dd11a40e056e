// Closed by default (architecture A17): where a node may listen.
import { isLoopbackHost, parseAddress } from '@holdfast/transport'
import type { TlsConfiguration } from './settings.ts'

/** The listeners of a node, by the settings that hold their addresses. */
export type ListenerName = 'client' | 'amqp' | 'peer' | 'http'

type Listening = TlsConfiguration & Readonly<Record<ListenerName, string>>

/** Whether a listener speaks TLS. */
export function isSecured(listener: ListenerName, configuration: TlsConfiguration): boolean {
  switch (listener) {
    case 'client':
      return configuration.clientTls
    case 'amqp':
      return configuration.amqpTls
    case 'http':
      return configuration.httpTls
    case 'peer':
      return configuration.peerTlsCertificate !== ''
  }
}

/**
 * Loopback always; elsewhere only with TLS. Whoever comes from elsewhere shows who it is: a node by
 * its certificate, anybody else by the name and password of a user; `guest`, and who says nothing,
 * are let in from loopback only.
 */
export function mayBind(listener: ListenerName, configuration: Listening): boolean {
  const { host } = parseAddress(configuration[listener])
  return isLoopbackHost(host) || isSecured(listener, configuration)
}
