// Certificate, key and authority, from files to what listeners and diallers use; whatever is wrong
// with one of them is told with its setting, its path, and what to do.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { HoldfastError } from '@holdfast/errors'
import type { TlsMaterial } from '@holdfast/transport'
import { serverLimits } from '../limits.ts'

/** A file, and the setting that names it. */
export interface TlsFile {
  readonly setting: string
  readonly path: string
}

export interface TlsFileSet {
  readonly certificate: TlsFile
  readonly key: TlsFile
  readonly authority: TlsFile | null
}

export interface CheckedMaterial {
  readonly material: TlsMaterial
  /** Of all that must be valid: the certificate, those above it, and one authority. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

function invalid({ setting, path }: TlsFile, reason: string, cause?: unknown): HoldfastError {
  return new HoldfastError('TLS_FILE_INVALID', { setting, path, reason }, { cause })
}

/** @throws TLS_FILE_INVALID */
export async function readMaterial(files: TlsFileSet): Promise<TlsMaterial> {
  const { certificate, key, authority } = files
  return {
    certificate: await readText(certificate),
    key: await readText(key),
    authority: authority === null ? null : await readText(authority)
  }
}

async function readText(file: TlsFile): Promise<string> {
  try {
    if ((await stat(file.path)).size <= serverLimits.tlsFileBytesMax) {
      return await readFile(file.path, 'utf8')
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalid(file, `it cannot be read (${reason}); it must be readable for the node`, cause)
  }
  throw invalid(file, `it is larger than ${serverLimits.tlsFileBytesMax} bytes`)
}

/** @throws TLS_FILE_INVALID */
export function checkMaterial(files: TlsFileSet, material: TlsMaterial): CheckedMaterial {
  const chain = certificatesOf(files.certificate, material.certificate)
  const { authority, key } = material
  const trusted = files.authority === null ? [] : certificatesOf(files.authority, authority ?? '')
  const [leaf] = chain
  if (leaf?.checkPrivateKey(keyOf(files.key, key)) !== true) {
    const reason = `the key does not belong to the certificate in ${files.certificate.path}`
    throw invalid(files.key, `${reason}; give the key that it was made with`)
  }
  try {
    createSecureContext({ cert: material.certificate, key, ...(authority && { ca: authority }) })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalid(files.certificate, `TLS does not accept it: ${reason}`, cause)
  }
  const ends = chain.map(({ validTo }) => Date.parse(validTo))
  if (trusted.length > 0) ends.push(Math.max(...trusted.map((one) => Date.parse(one.validTo))))
  return {
    material,
    notBeforeMs: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    notAfterMs: Math.min(...ends)
  }
}

function certificatesOf(file: TlsFile, text: string): readonly X509Certificate[] {
  const blocks = text.match(certificatePattern) ?? []
  if (blocks.length === 0) {
    throw invalid(file, 'it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  }
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch (cause) {
      throw invalid(file, 'a certificate in it cannot be decoded; was it copied whole?', cause)
    }
  })
}

function keyOf(file: TlsFile, text: string): KeyObject {
  if (!text.includes('-----BEGIN ')) {
    throw invalid(file, 'it holds no key in PEM form (-----BEGIN PRIVATE KEY-----)')
  }
  try {
    return createPrivateKey(text)
  } catch (cause) {
    const isLocked = text.includes('ENCRYPTED')
    const reason = isLocked
      ? 'the key has a passphrase; store it without, readable for the user of the node only'
      : 'it holds no private key that can be decoded'
    throw invalid(file, reason, cause)
  }
}
