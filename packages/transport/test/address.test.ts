// Addresses as operators write them.
import t from 'tap'
import { formatAddress, isLoopbackHost, parseAddress } from '../src/address.ts'

t.test('reads HOST:PORT, with IPv6 in brackets', async (t) => {
  t.same(parseAddress('127.0.0.1:7672'), { host: '127.0.0.1', port: 7672 })
  t.same(parseAddress('localhost:0'), { host: 'localhost', port: 0 })
  t.same(parseAddress('[::1]:65535'), { host: '::1', port: 65535 })
  t.equal(formatAddress('::1', 1), '[::1]:1')
  t.equal(formatAddress('127.0.0.1', 1), '127.0.0.1:1')
})

t.test('refuses anything else', async (t) => {
  for (const bad of [
    '',
    ':1',
    'host',
    'host:',
    'host:65536',
    'host:1x',
    '::1:1',
    'a b:1',
    '[::1]'
  ]) {
    t.throws(() => parseAddress(bad), { code: 'REQUEST_INVALID' }, bad)
  }
})

t.test('knows what only this machine can reach', async (t) => {
  for (const host of ['localhost', '::1', '127.0.0.1', '127.255.1.2'])
    t.ok(isLoopbackHost(host), host)
  for (const host of [
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '127.0.0.1.evil.com',
    '127.0.0.999',
    '128.0.0.1'
  ]) {
    t.notOk(isLoopbackHost(host), host)
  }
})
