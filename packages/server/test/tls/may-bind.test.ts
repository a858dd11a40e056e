// Where a node may listen, listener by listener.
import t from 'tap'
import { isSecured, type ListenerName, mayBind } from '../../src/tls/may-bind.ts'

const plain = {
  client: '127.0.0.1:1',
  peer: '[::1]:2',
  http: 'localhost:3',
  clientTls: false,
  httpTls: false,
  tlsCertificate: '',
  tlsKey: '',
  tlsAuthority: '',
  tlsClientCertificates: 'none',
  origins: [],
  peerTlsCertificate: '',
  peerTlsKey: '',
  peerTlsAuthority: ''
} as const

const secured = {
  ...plain,
  clientTls: true,
  httpTls: true,
  tlsClientCertificates: 'required',
  peerTlsCertificate: 'peer.crt'
} as const

t.test('loopback always, elsewhere only with TLS and credentials', async (t) => {
  for (const listener of ['client', 'peer', 'http'] satisfies ListenerName[]) {
    t.ok(mayBind(listener, plain), listener)
    t.notOk(isSecured(listener, plain))
    const elsewhere = { [listener]: '192.168.1.2:5' }
    t.notOk(mayBind(listener, { ...plain, ...elsewhere }), `${listener}, plain`)
    t.ok(isSecured(listener, secured))
    t.ok(mayBind(listener, { ...secured, ...elsewhere }), `${listener}, secured`)
    const anyone = { ...secured, ...elsewhere, tlsClientCertificates: 'none' } as const
    t.equal(mayBind(listener, anyone), listener === 'peer', 'links between nodes are mutual anyway')
  }
})
