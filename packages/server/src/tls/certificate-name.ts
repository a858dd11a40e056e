// Who a client is by its certificate. The distinguished name is written as RabbitMQ writes it (RFC
// 4514, what is not printable ASCII escaped byte by byte), so that users keep their names. Only
// certificates that were verified count: who is refused never comes as far as here (tls-gate.ts).
import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Which of its names a client logs in by. */
export type CertificateLogin = 'none' | 'distinguished-name' | 'common-name'

/** Attributes that OpenSSL calls otherwise than RabbitMQ, which has the others in capitals. */
const otherNames: ReadonlyMap<string, string> = new Map([['GN', 'GIVENNAME']])

const utf8 = new TextEncoder()

/** Null: the client showed no certificate, or one without that name. */
export function certificateNameOf(socket: Socket, by: CertificateLogin): string | null {
  if (by === 'none' || !(socket instanceof TLSSocket) || !socket.authorized) return null
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return null
  return by === 'common-name' ? commonName(certificate) : distinguishedName(certificate.subject)
}

/** Null also if it has several: none of them is its name then. */
function commonName(certificate: X509Certificate): string | null {
  const { CN: name } = certificate.toLegacyObject().subject
  return typeof name === 'string' && name !== '' ? name : null
}

/**
 * `subject` is as Node.js gives it: a line for each relative name, the widest first, with its
 * attributes between ` + `, and what is special in a value escaped. The last comes first here.
 */
export function distinguishedName(subject: string): string | null {
  if (!subject) return null
  const names = subject.split('\n').map((line) => line.split(' + ').map(attribute).join('+'))
  return names.reverse().join(',')
}

function attribute(text: string): string {
  const equals = text.indexOf('=')
  const type = text.slice(0, equals)
  const name = otherNames.get(type) ?? type.toUpperCase()
  return `${name}=${text.slice(equals + 1).replace(/[^\x20-\x7d]/gu, escaped)}`
}

function escaped(character: string): string {
  const bytes = [...utf8.encode(character)]
  return bytes.map((byte) => `\\${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}
