// Which requests of browsers are let in, with TLS and without.
import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { loadConfiguration } from '../../src/config.ts'
import { requestRule } from '../../src/listeners/http-security.ts'

function requestOf(headers: readonly [string, string][]): IncomingMessage {
  const last = Object.fromEntries(headers)
  return { headers: last, rawHeaders: headers.flat() } as unknown as IncomingMessage
}

const plain = loadConfiguration({ flags: { data: '/d' }, environment: {} })
const secured = loadConfiguration({
  flags: {
    data: '/d',
    httpTls: true,
    tlsCertificate: 'c',
    tlsKey: 'k',
    origins: ['https://app.example', 'https://Other.example:8443']
  },
  environment: {}
})

t.test('with TLS any host, and only pages of its own or of those configured', async (t) => {
  const refuse = requestRule(secured)
  const taken: [string, string][][] = [
    [['host', 'node-1.example:7680']],
    [['host', '10.0.0.1:7680']],
    [
      ['host', 'node-1.example:7680'],
      ['origin', 'https://node-1.example:7680']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'https://app.example']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'https://other.example:8443']
    ]
  ]
  for (const headers of taken) t.equal(refuse(requestOf(headers)), null, JSON.stringify(headers))
  const refused: [string, string][][] = [
    [],
    [
      ['host', 'a'],
      ['Host', 'b']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'https://evil.example']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'null']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'http://node-1.example']
    ],
    [
      ['host', 'localhost:7680'],
      ['origin', 'http://localhost:3000']
    ],
    [
      ['host', 'node-1.example'],
      ['origin', 'https://app.example.evil.example']
    ]
  ]
  for (const headers of refused) {
    t.match(refuse(requestOf(headers)), { code: 'ORIGIN_REFUSED' }, JSON.stringify(headers))
  }
})

t.test('without TLS only loopback, whatever is configured', async (t) => {
  const refuse = requestRule(plain)
  t.equal(refuse(requestOf([['host', 'localhost:7680']])), null)
  t.match(refuse(requestOf([['host', 'node-1.example']])), { code: 'ORIGIN_REFUSED' })
})
