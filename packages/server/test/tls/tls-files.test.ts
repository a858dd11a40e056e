// TLS files that change: good ones are taken, broken ones are not, and both are told.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CertificateAuthority, replaceFile, temporaryDirectory } from '@holdfast/testkit'
import t from 'tap'
import { TlsFiles } from '../../src/tls/tls-files.ts'
import { FakeLog } from '../fakes.ts'

const dayMs = 86_400_000

type Test = { teardown(clean: () => void): void }

async function setUp(t: Test) {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'tls-files'))
  const node = authority.issue('node')
  const bundle = join(temporaryDirectory(t, 'trusted'), 'bundle.crt')
  writeFileSync(bundle, authority.certificateText)
  const log = new FakeLog()
  // It goes on: certificates are valid from the second in which they are made.
  let aheadMs = 0
  const paths = {
    certificate: { setting: 'tlsCertificate', path: node.certificate },
    key: { setting: 'tlsKey', path: node.key },
    authority: { setting: 'tlsAuthority', path: bundle }
  }
  const open = () => TlsFiles.open('clients', paths, log.log, () => Date.now() + aheadMs)
  const files = await open()
  let changes = 0
  const unwatch = files.watch(() => changes++)
  return {
    ...{ authority, node, log, files, unwatch, open },
    changes: () => changes,
    replace: (from: { certificate: string; key: string }) => {
      replaceFile(node.certificate, from.certificate)
      replaceFile(node.key, from.key)
    },
    trust: (certificates: string) => writeFileSync(bundle, certificates),
    pass: (days: number) => {
      aheadMs += days * dayMs
    }
  }
}

t.test('new files are used, told, and those who watch are called', async (t) => {
  const { authority, files, log, changes, replace, unwatch } = await setUp(t)
  const before = files.material
  await files.look(false)
  t.equal(changes(), 0)
  const renewed = authority.issue('renewed')
  replace(renewed)
  await files.look(false)
  t.equal(changes(), 1)
  t.equal(files.material.certificate, renewed.certificateText)
  t.not(files.material, before)
  t.match(log.lines.at(-1), { level: 'info', message: /new TLS files/ })
  unwatch()
  replace(authority.issue('again'))
  await files.look(true)
  t.equal(changes(), 1)
})

t.test('an authority that comes or goes alone is news', async (t) => {
  const { authority, files, trust, changes } = await setUp(t)
  const renewed = new CertificateAuthority(temporaryDirectory(t, 'renewed'), 'renewed')
  const both = authority.certificateText + renewed.certificateText
  for (const [at, trusted] of [both, renewed.certificateText].entries()) {
    trust(trusted)
    await files.look(at === 0)
    t.equal(files.material.authority, trusted)
    t.equal(changes(), at + 1)
    await files.look(true)
    t.equal(changes(), at + 1, 'told once')
  }
})

t.test('files between two writes are not an error, unless they stay so', async (t) => {
  const { authority, node, files, log, changes } = await setUp(t)
  const renewed = authority.issue('renewed')
  replaceFile(node.certificate, renewed.certificate)
  await files.look(false)
  t.equal(files.status.failure, null, 'the key may still come')
  replaceFile(node.key, renewed.key)
  await files.look(false)
  t.equal(changes(), 1)
  writeFileSync(node.key, 'nonsense')
  await files.look(false)
  await files.look(false)
  await files.look(false)
  t.match(files.status.failure, /tlsKey.*no key in PEM form/)
  t.match(files.warnings, [/not used.*tlsKey/])
  const told = log.lines.filter(({ level }) => level === 'error')
  t.equal(told.length, 1, 'told once')
  t.match(told[0], { message: /not used/, fields: { code: 'TLS_FILE_INVALID' } })
  t.equal(files.material.certificate, renewed.certificateText, 'what works is kept')
  replaceFile(node.key, renewed.key)
  await files.look(false)
  t.equal(files.status.failure, null)
})

t.test('when an operator says that they are complete, an error is told at once', async (t) => {
  const { node, files, log } = await setUp(t)
  writeFileSync(node.certificate, '')
  await files.look(true)
  t.match(files.status.failure, /no certificate/)
  t.equal(log.lines.filter(({ level }) => level === 'error').length, 1)
})

t.test(
  'a certificate that has expired, or is still to come, replaces none that works',
  async (t) => {
    const { authority, files, replace, pass, changes } = await setUp(t)
    replace(authority.issue('late', { days: -1 }))
    await files.look(true)
    t.match(files.status.failure, /it expired at/)
    replace(authority.issue('early'))
    pass(-2)
    await files.look(true)
    t.match(files.status.failure, /not valid before.*clock/)
    t.equal(changes(), 0)
  }
)

t.test('expiry is a warning two weeks before, once, and again when it has come', async (t) => {
  const { files, log, pass, open } = await setUp(t)
  t.same(files.warnings, [])
  t.ok(Math.abs(files.status.notAfterMs - Date.now() - 30 * dayMs) < dayMs)
  pass(20)
  await files.look(false)
  await files.look(false)
  t.match(files.warnings, [/expires at/])
  pass(20)
  await files.look(false)
  t.match(files.warnings, [/expired at/])
  const warned = () => log.lines.filter(({ level }) => level === 'warn').length
  t.equal(warned(), 2)
  await open()
  t.equal(warned(), 3, 'a node starts with it nevertheless, and says so')
  pass(-80)
  t.match(files.warnings, [/not valid before/])
})
