// Closed by default (architecture A17): where a node may listen.
import { isLoopbackHost, parseAddress } from '@holdfast/transport'
import type { TlsConfiguration } from './settings.ts'

/** The listeners of a node, by the settings that hold their addresses. */
export type ListenerName = 'client' | 'peer' | 'http'

type Listening = TlsConfiguration & Readonly<Record<ListenerName, string>>

/** Whether a listener speaks TLS. */
export function isSecured(listener: ListenerName, configuration: TlsConfiguration): boolean {
  switch (listener) {
    case 'client':
      return configuration.clientTls
    case 'http':
      return configuration.httpTls
    case 'peer':
      return configuration.peerTlsCertificate !== ''
  }
}

/** Loopback always; elsewhere only with TLS, and only for those who show who they are. */
export function mayBind(listener: ListenerName, configuration: Listening): boolean {
  if (isLoopbackHost(parseAddress(configuration[listener]).host)) return true
  return isSecured(listener, configuration) && hasCredentials(listener, configuration)
}

function hasCredentials(listener: ListenerName, configuration: TlsConfiguration): boolean {
  // Between nodes TLS is mutual.
  if (listener === 'peer') return true
  // Users and passwords are still to come; until then a certificate is the only credential.
  return configuration.tlsClientCertificates === 'required'
}
