// Where a node may listen, listener by listener.
import t from 'tap'
import { isSecured, type ListenerName, mayBind } from '../../src/tls/may-bind.ts'

const plain = {
  client: '127.0.0.1:1',
  amqp: '127.0.0.1:4',
  peer: '[::1]:2',
  http: 'localhost:3',
  clientTls: false,
  amqpTls: false,
  httpTls: false,
  tlsCertificate: '',
  tlsKey: '',
  tlsAuthority: '',
  tlsClientCertificates: 'none',
  tlsCertificateLogin: 'none',
  origins: [],
  peerTlsCertificate: '',
  peerTlsKey: '',
  peerTlsAuthority: ''
} as const

const secured = {
  ...plain,
  clientTls: true,
  amqpTls: true,
  httpTls: true,
  peerTlsCertificate: 'peer.crt'
} as const

t.test('loopback always, elsewhere only with TLS', async (t) => {
  for (const listener of ['client', 'amqp', 'peer', 'http'] satisfies ListenerName[]) {
    t.ok(mayBind(listener, plain), listener)
    t.notOk(isSecured(listener, plain))
    const elsewhere = { [listener]: '192.168.1.2:5' }
    t.notOk(mayBind(listener, { ...plain, ...elsewhere }), `${listener}, plain`)
    t.ok(isSecured(listener, secured))
    t.ok(mayBind(listener, { ...secured, ...elsewhere }), `${listener}, secured`)
  }
})
