// The settings of TLS: part of the table in config-schema.ts, and how they hang together.
import { HoldfastError } from '@holdfast/errors'
import type { Setting } from '../config-schema.ts'
import type { CertificateLogin } from './certificate-name.ts'

export interface TlsConfiguration {
  readonly clientTls: boolean
  readonly amqpTls: boolean
  readonly httpTls: boolean
  /** Paths; empty: not set. */
  readonly tlsCertificate: string
  readonly tlsKey: string
  readonly tlsAuthority: string
  readonly tlsClientCertificates: 'none' | 'asked' | 'required'
  readonly tlsCertificateLogin: CertificateLogin
  readonly origins: readonly string[]
  readonly peerTlsCertificate: string
  readonly peerTlsKey: string
  readonly peerTlsAuthority: string
}

const path = (name: string, doc: string): Setting => ({ name, type: 'text', default: '', doc })

export const tlsSettings: readonly Setting[] = [
  {
    name: 'clientTls',
    type: 'boolean',
    default: false,
    doc: 'The client listener speaks TLS, and nothing else.'
  },
  {
    name: 'amqpTls',
    type: 'boolean',
    default: false,
    doc: 'The AMQP listener speaks TLS, and nothing else: `amqps://`.'
  },
  {
    name: 'httpTls',
    type: 'boolean',
    default: false,
    doc: 'The HTTP listener speaks TLS, and nothing else: `https://` and `wss://`.'
  },
  path(
    'tlsCertificate',
    'PEM file with the certificate of the client, AMQP and HTTP listeners, followed by those ' +
      'between it and its authority.'
  ),
  path('tlsKey', 'PEM file with its key, without a passphrase.'),
  path('tlsAuthority', 'PEM file with the authorities that certificates of clients come from.'),
  {
    name: 'tlsClientCertificates',
    type: 'choice',
    choices: ['none', 'asked', 'required'],
    default: 'none',
    doc:
      'Whether clients show certificates of `tlsAuthority`. `asked`: they may; a bad one is ' +
      'refused.'
  },
  {
    name: 'tlsCertificateLogin',
    type: 'choice',
    choices: ['none', 'distinguished-name', 'common-name'],
    default: 'none',
    doc:
      'The name in its certificate by which an AMQP client may log in without a password, with ' +
      'the mechanism `EXTERNAL`. `none`: it is not offered.'
  },
  {
    name: 'origins',
    type: 'text-list',
    default: [],
    doc:
      'With `httpTls`: web pages, as `https://HOST` or `https://HOST:PORT`, that may call the ' +
      'HTTP listener from browsers, besides its own.'
  },
  path(
    'peerTlsCertificate',
    'PEM file with the certificate by which this node shows itself to other nodes, as ' +
      'server and as client. With it, nodes speak mutual TLS, and nothing else.'
  ),
  path('peerTlsKey', 'PEM file with its key, without a passphrase.'),
  path('peerTlsAuthority', 'PEM file with the authority that certificates of nodes come from.')
]

const invalid = (setting: string, reason: string): HoldfastError =>
  new HoldfastError('CONFIGURATION_INVALID', { setting, reason })

/** @throws CONFIGURATION_INVALID */
export function assertTlsRelations(configuration: TlsConfiguration): void {
  const { clientTls, amqpTls, httpTls, tlsCertificate, tlsKey, tlsAuthority } = configuration
  const { tlsClientCertificates, tlsCertificateLogin, origins } = configuration
  const { peerTlsCertificate, peerTlsKey, peerTlsAuthority } = configuration
  const isUsed = clientTls || amqpTls || httpTls
  if (isUsed && tlsCertificate === '')
    throw invalid('tlsCertificate', 'a listener with TLS needs it')
  if (isUsed && tlsKey === '') throw invalid('tlsKey', 'a listener with TLS needs it')
  if (!isUsed && tlsCertificate !== '') {
    throw invalid('tlsCertificate', 'no listener uses it; set clientTls, amqpTls or httpTls')
  }
  if (tlsClientCertificates !== 'none' && tlsAuthority === '') {
    throw invalid('tlsAuthority', 'tlsClientCertificates needs it')
  }
  if (tlsCertificateLogin !== 'none' && tlsClientCertificates === 'none') {
    throw invalid('tlsClientCertificates', 'tlsCertificateLogin needs them')
  }
  for (const origin of origins) {
    if (!/^https:\/\/[^/?#@\s]+$/.test(origin)) {
      throw invalid('origins', `'${origin}' is not https://HOST or https://HOST:PORT`)
    }
  }
  const peer = { peerTlsCertificate, peerTlsKey, peerTlsAuthority }
  const missing = Object.entries(peer).find(([, value]) => value === '')
  if (missing !== undefined && Object.values(peer).some((value) => value !== '')) {
    throw invalid(missing[0], 'TLS between nodes needs certificate, key and authority')
  }
}
