// Files of TLS, good and broken in every way: each error names the setting, the path, what to do.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CertificateAuthority, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { checkMaterial, readMaterial, type TlsFileSet } from '../../src/tls/material.ts'

const dayMs = 86_400_000

function filesOf(certificate: string, key: string, authority: string | null = null): TlsFileSet {
  return {
    certificate: { setting: 'tlsCertificate', path: certificate },
    key: { setting: 'tlsKey', path: key },
    authority: authority === null ? null : { setting: 'tlsAuthority', path: authority }
  }
}

const load = async (files: TlsFileSet) => checkMaterial(files, await readMaterial(files))

t.test('a good set tells how long all of it is valid', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'material'))
  const { certificate, key, certificateText } = authority.issue('node', { days: 7 })
  const { notAfterMs, notBeforeMs, material } = await load(filesOf(certificate, key))
  t.ok(Math.abs(notAfterMs - Date.now() - 7 * dayMs) < dayMs / 2)
  t.ok(notBeforeMs <= Date.now())
  t.equal(material.authority, null)
  const short = authority.issue('between', { days: 2 }).certificateText
  writeFileSync(certificate, certificateText + short)
  const chain = await load(filesOf(certificate, key, authority.certificate))
  t.ok(Math.abs(chain.notAfterMs - Date.now() - 2 * dayMs) < dayMs / 2, 'the weakest counts')
})

t.test('what is wrong is named', async (t) => {
  const directory = temporaryDirectory(t, 'material')
  const authority = new CertificateAuthority(directory)
  const { certificate, key } = authority.issue('node')
  const other = authority.issue('other')
  const write = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  const locked = join(directory, 'locked.key')
  const lock = ['pkcs8', '-topk8', '-in', key, '-out', locked, '-passout', 'pass:secret']
  execFileSync('openssl', lock)
  const missing = join(directory, 'missing')
  const cases: [TlsFileSet, string, string, RegExp][] = [
    [filesOf(missing, key), 'tlsCertificate', missing, /cannot be read \(ENOENT.*readable/],
    [filesOf(certificate, directory), 'tlsKey', directory, /cannot be read/],
    [filesOf(key, key), 'tlsCertificate', key, /no certificate in PEM form/],
    [filesOf(certificate, certificate), 'tlsKey', certificate, /no private key/],
    [filesOf(write('der', '\u0000'), key), 'tlsCertificate', join(directory, 'der'), /PEM form/],
    [filesOf(certificate, write('k', 'x')), 'tlsKey', join(directory, 'k'), /no key in PEM form/],
    [filesOf(write('cut', broken), key), 'tlsCertificate', join(directory, 'cut'), /copied whole/],
    [filesOf(certificate, other.key), 'tlsKey', other.key, /does not belong.*node\.crt; give/],
    [filesOf(certificate, locked), 'tlsKey', locked, /has a passphrase; store it without/],
    [filesOf(certificate, key, missing), 'tlsAuthority', missing, /cannot be read/],
    [filesOf(certificate, key, key), 'tlsAuthority', key, /no certificate/]
  ]
  for (const [files, setting, path, reason] of cases) {
    const expected = { code: 'TLS_FILE_INVALID', details: { setting, path, reason } }
    await t.rejects(load(files), expected, `${setting} ${reason}`)
  }
  const large = write('large', 'x'.repeat(1024 * 1024 + 1))
  await t.rejects(load(filesOf(large, key)), { message: /larger than 1048576 bytes/ })
})
