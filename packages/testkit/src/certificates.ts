// Certificates for tests, made by the openssl of the machine with the commands of
// docs/operating/tls.md.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Where a certificate and its key are, and what is in them. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
  readonly certificateText: string
  readonly keyText: string
}

export interface CertificateWishes {
  /** As openssl writes them: `DNS:localhost`, `IP:127.0.0.1`. Default: both of these. */
  readonly names?: string
  /** As openssl writes it, in UTF-8. Default: its name as `CN`. */
  readonly subject?: string
  /** Negative: it has expired. Default 30. */
  readonly days?: number
  /** Default: for servers and clients. */
  readonly usage?: string
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Signs certificates, in a directory of its own. */
export class CertificateAuthority {
  readonly #directory: string
  readonly #name: string

  constructor(directory: string, name = 'authority') {
    this.#directory = directory
    this.#name = name
    const subject = ['-subj', `/CN=${name}`, '-days', '30']
    const files = ['-keyout', this.#path(`${name}.key`), '-out', this.certificate]
    openssl(['req', '-x509', ...newKey, ...files, ...subject])
  }

  /** Path of its own certificate. */
  get certificate(): string {
    return this.#path(`${this.#name}.crt`)
  }

  get certificateText(): string {
    return readFileSync(this.certificate, 'utf8')
  }

  issue(name: string, wishes: CertificateWishes = {}): CertificateFiles {
    const { names = 'DNS:localhost,IP:127.0.0.1', days = 30 } = wishes
    const { usage = 'serverAuth,clientAuth', subject = `/CN=${name}` } = wishes
    const request = this.#path(`${name}.csr`)
    openssl([
      ...['req', ...newKey, '-keyout', this.#path(`${name}.key`), '-out', request],
      ...['-utf8', '-subj', subject, '-addext', `subjectAltName=${names}`],
      ...['-addext', `extendedKeyUsage=${usage}`]
    ])
    const own = ['-CA', this.certificate, '-CAkey', this.#path(`${this.#name}.key`)]
    openssl([
      ...['x509', '-req', '-in', request, ...own, '-days', String(days)],
      ...['-copy_extensions', 'copy', '-out', this.#path(`${name}.crt`)]
    ])
    const certificate = this.#path(`${name}.crt`)
    const key = this.#path(`${name}.key`)
    const certificateText = readFileSync(certificate, 'utf8')
    return { certificate, key, certificateText, keyText: readFileSync(key, 'utf8') }
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }
}

/** Puts a file in the place of another, as a careful operator does: whole, or not at all. */
export function replaceFile(target: string, source: string): void {
  copyFileSync(source, `${target}.new`)
  renameSync(`${target}.new`, target)
}

function openssl(flags: readonly string[]): void {
  execFileSync('openssl', [...flags], { stdio: 'pipe' })
}
