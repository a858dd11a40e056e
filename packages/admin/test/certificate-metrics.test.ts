// What is told of certificates.
import t from 'tap'
import { createMetrics } from '../src/metrics.ts'
import { FakePort } from './fake-port.ts'

t.test('each certificate tells when it expires, and whether its files are broken', async (t) => {
  const port = new FakePort()
  const metrics = createMetrics(() => ({
    status: port.status(),
    counters: port.counters(),
    version: '1',
    certificates: [
      { use: 'clients', notAfterMs: 1_900_000_000_500, failure: null },
      { use: 'peers', notAfterMs: 1_800_000_000_000, failure: 'broken' }
    ]
  }))
  const text = await metrics.text()
  t.match(text, /^holdfast_tls_certificate_not_after_seconds\{use="clients"\} 1900000000\.5$/m)
  t.match(text, /^holdfast_tls_certificate_not_after_seconds\{use="peers"\} 1800000000$/m)
  t.match(text, /^holdfast_tls_reload_failed\{use="clients"\} 0$/m)
  t.match(text, /^holdfast_tls_reload_failed\{use="peers"\} 1$/m)
})
