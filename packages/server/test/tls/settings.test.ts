// What of the settings of TLS goes together, and where a node may listen with them.
import t from 'tap'
import { loadConfiguration, type RawSettings } from '../../src/config.ts'
import type { Configuration } from '../../src/config-schema.ts'

const load = (flags: RawSettings): Configuration =>
  loadConfiguration({ flags: { data: '/d', ...flags }, environment: {} })

const own = { tlsCertificate: 'node.crt', tlsKey: 'node.key' }
const peers = { peerTlsCertificate: 'p.crt', peerTlsKey: 'p.key', peerTlsAuthority: 'p-ca.crt' }
const mutual = { ...own, tlsAuthority: 'ca.crt', tlsClientCertificates: 'required' }

t.test('settings that lack others are refused by name', async (t) => {
  const cases: [RawSettings, string][] = [
    [{ clientTls: true }, 'tlsCertificate'],
    [{ httpTls: true, tlsCertificate: 'x' }, 'tlsKey'],
    [own, 'tlsCertificate'],
    [{ ...own, clientTls: true, tlsClientCertificates: 'asked' }, 'tlsAuthority'],
    [{ ...own, clientTls: true, tlsClientCertificates: 'maybe' }, 'tlsClientCertificates'],
    [{ ...own, amqpTls: true, tlsCertificateLogin: 'common-name' }, 'tlsClientCertificates'],
    [{ ...mutual, amqpTls: true, tlsCertificateLogin: 'yes' }, 'tlsCertificateLogin'],
    [{ ...peers, peerTlsAuthority: '' }, 'peerTlsAuthority'],
    [{ ...peers, peerTlsKey: '' }, 'peerTlsKey'],
    [{ peerTlsKey: 'x' }, 'peerTlsCertificate'],
    [{ ...peers, peer: '10.0.0.1:1' }, 'token'],
    [{ origins: ['http://example.com'] }, 'origins'],
    [{ origins: ['https://example.com/path'] }, 'origins'],
    [{ origins: 5 }, 'origins']
  ]
  for (const [flags, setting] of cases) {
    const expected = { code: 'CONFIGURATION_INVALID', details: { setting } }
    t.throws(() => load(flags), expected, JSON.stringify(flags))
  }
  t.match(load({ ...mutual, clientTls: true, httpTls: 'true' }), { clientTls: true, httpTls: true })
  t.match(load({ ...mutual, amqpTls: true, tlsCertificateLogin: 'distinguished-name' }), {
    tlsCertificateLogin: 'distinguished-name'
  })
  t.same(load({ origins: 'https://a.example,https://b.example:1' }).origins, [
    'https://a.example',
    'https://b.example:1'
  ])
})

t.test('each listener leaves loopback with TLS of its own only', async (t) => {
  const refused: RawSettings[] = [
    { client: '10.0.0.1:1' },
    { amqp: '10.0.0.1:1', ...own, clientTls: true, httpTls: true },
    { client: '10.0.0.1:1', ...mutual, httpTls: true },
    { client: '10.0.0.1:1', ...peers },
    { http: 'node.example:1', ...mutual, clientTls: true },
    { peer: '10.0.0.1:1', ...mutual, clientTls: true, httpTls: true },
    { seed: ['10.0.0.1:1'], ...mutual, clientTls: true }
  ]
  for (const flags of refused) {
    t.throws(() => load(flags), { code: 'ADDRESS_REFUSED' }, JSON.stringify(flags))
  }
  const taken: RawSettings[] = [
    { client: '10.0.0.1:1', ...mutual, clientTls: true },
    { client: '10.0.0.1:1', ...own, clientTls: true },
    { amqp: '10.0.0.1:1', ...own, amqpTls: true },
    { http: 'node.example:1', ...mutual, httpTls: true },
    { peer: '[2001:db8::1]:1', seed: ['node-2.example:1'], ...peers, token: 'x' },
    { peer: '127.0.0.2:1', ...peers },
    { client: 'localhost:1', ...own, clientTls: true }
  ]
  for (const flags of taken) t.doesNotThrow(() => load(flags), JSON.stringify(flags))
})

t.test('an address that nobody can dial is none', async (t) => {
  for (const host of ['0.0.0.0', '[::]', '[0:0:0:0:0:0:0:0]']) {
    t.throws(() => load({ client: `${host}:1`, ...mutual, clientTls: true }), {
      code: 'CONFIGURATION_INVALID',
      details: { setting: 'client' },
      message: /cannot dial/
    })
  }
})
