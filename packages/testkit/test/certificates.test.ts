// Certificates that openssl made, as Node reads them.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { CertificateAuthority, replaceFile } from '../src/certificates.ts'

t.test('an authority signs certificates with the names, days and usages asked for', async (t) => {
  const authority = new CertificateAuthority(t.testdir({}))
  const own = new X509Certificate(authority.certificateText)
  const issued = authority.issue('node', { names: 'DNS:one.example,IP:10.0.0.1' })
  const node = new X509Certificate(issued.certificateText)
  t.ok(node.verify(own.publicKey))
  t.equal(node.ca, false)
  t.equal(node.checkHost('one.example'), 'one.example')
  t.equal(node.checkIP('10.0.0.1'), '10.0.0.1')
  t.same(node.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'])
  t.ok(Date.parse(node.validTo) > Date.now())
  const old = new X509Certificate(authority.issue('old', { days: -1 }).certificateText)
  t.ok(Date.parse(old.validTo) < Date.now())
})

t.test('a file is replaced as a whole', async (t) => {
  const directory = t.testdir({ old: 'old', new: 'new' })
  replaceFile(`${directory}/old`, `${directory}/new`)
  t.equal(readFileSync(`${directory}/old`, 'utf8'), 'new')
})
