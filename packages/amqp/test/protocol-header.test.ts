// The first bytes of a connection: what they say, and when it can be told.
import t from 'tap'
import { explainGreeting, greetingOf } from '../src/protocol-header.ts'
import { hex } from './generator.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

t.test('0-9-1 and 0-9 are spoken, other versions recognised', async (t) => {
  t.equal(greetingOf(hex('414d5150 00000901')), 'amqp')
  t.equal(greetingOf(hex('414d5150 01010009')), 'amqp')
  for (const other of ['00010000', '03010000', '01010800', '01010008', '00000902']) {
    t.equal(greetingOf(hex(`414d5150 ${other}`)), 'amqp-other', other)
  }
})

t.test('what took this port for another one is recognised', async (t) => {
  t.equal(greetingOf(text('GET / HTTP/1.1')), 'http')
  t.equal(greetingOf(text('POST /ap')), 'http')
  t.equal(greetingOf(text('PRI * HTTP/2.0')), 'http')
  t.equal(greetingOf(hex('160301')), 'tls')
  t.equal(greetingOf(text('SSH-2.0-x')), 'unknown')
  t.equal(greetingOf(text('GETAWAYS')), 'unknown')
  t.match(explainGreeting('http'), /HTTP/)
  t.match(explainGreeting('tls'), /TLS/)
})

t.test('too few bytes tell nothing', async (t) => {
  const header = hex('414d5150 00000901')
  for (let length = 0; length < 8; length++) {
    t.equal(greetingOf(header.subarray(0, length)), null)
  }
})
