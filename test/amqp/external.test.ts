// amqplib and a real node: a program logs in by its certificate, without a password.
import { join } from 'node:path'
import {
  CertificateAuthority,
  type CertificateFiles,
  ClusterProcess,
  temporaryDirectory
} from '@holdfast/testkit'
import { type ChannelModel, connect, credentials } from 'amqplib'
import t from 'tap'

t.setTimeout(280_000)

t.test('EXTERNAL', async (t) => {
  const authority = new CertificateAuthority(temporaryDirectory(t, 'external'))
  const node = authority.issue('node')
  const environment = {
    HOLDFAST_AMQP_TLS: 'true',
    HOLDFAST_TLS_CERTIFICATE: node.certificate,
    HOLDFAST_TLS_KEY: node.key,
    HOLDFAST_TLS_AUTHORITY: authority.certificate,
    HOLDFAST_TLS_CLIENT_CERTIFICATES: 'asked',
    HOLDFAST_TLS_CERTIFICATE_LOGIN: 'distinguished-name'
  }
  const data = join(temporaryDirectory(t, 'external'), 'data')
  const cluster = await ClusterProcess.start({ data, environment, nodes: 1 })
  t.teardown(() => cluster.stop())
  const [{ amqp, http } = { amqp: '', http: '' }] = cluster.nodes
  const put = async (path: string, body: object): Promise<void> => {
    const headers = { 'content-type': 'application/json' }
    const call = { method: 'PUT', headers, body: JSON.stringify(body) }
    t.ok((await fetch(`http://${http}${path}`, call)).ok, path)
  }
  const user = encodeURIComponent('CN=billing,O=Acme')
  await put(`/api/users/${user}`, { tags: '' })
  await put(`/api/permissions/%2F/${user}`, { configure: '^bills$', write: '', read: '' })

  const ca = [authority.certificateText]
  const enter = (own: CertificateFiles | null): Promise<ChannelModel> => {
    const shown = own === null ? {} : { cert: own.certificateText, key: own.keyText }
    const options = { ca, ...shown, credentials: credentials.external() }
    return connect(`amqps://${amqp}`, options)
  }
  const subject = '/O=Acme/CN=billing'

  await t.test('a program is the user that its certificate names', async (t) => {
    const connection = await enter(authority.issue('billing', { subject }))
    const channel = await connection.createChannel()
    t.equal((await channel.assertQueue('bills')).queue, 'bills')
    channel.on('error', () => undefined)
    await t.rejects(channel.assertQueue('others'), /user 'CN=billing,O=Acme' may not configure/)
    await connection.close()
  })

  await t.test('a name that no user has is refused', async (t) => {
    const other = authority.issue('shipping', { subject: '/O=Acme/CN=shipping' })
    await t.rejects(enter(other), /Login was refused using authentication mechanism EXTERNAL/)
  })

  await t.test('without a certificate there is no such mechanism', async (t) => {
    await t.rejects(enter(null), /EXTERNAL/)
  })

  await t.test('a certificate of another authority lets nobody in', async (t) => {
    const strangers = new CertificateAuthority(temporaryDirectory(t, 'strangers'))
    await t.rejects(enter(strangers.issue('billing', { subject })))
  })
})
