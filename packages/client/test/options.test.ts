// Addresses and credentials of a connection, as an application writes them.
import t from 'tap'
import { readAddresses, resolveOptions } from '../src/options.ts'

t.test('addresses are hosts, with or without who connects', async (t) => {
  const hosts = ['127.0.0.1:7672', 'ws://localhost:7680/v1/connect']
  t.same(readAddresses(hosts), { hosts, credentials: null })
  t.same(readAddresses(['h:1', 'h:1']), { hosts: ['h:1'], credentials: null })
  const credentials = { user: 'ann@x', password: 'a:b/c' }
  const prefix = 'ann%40x:a:b%2Fc@'
  t.same(readAddresses([`${prefix}127.0.0.1:7672`, 'h:1']), {
    hosts: ['127.0.0.1:7672', 'h:1'],
    credentials
  })
  t.same(readAddresses([`ws://${prefix}h:1/v1/connect`]), {
    hosts: ['ws://h:1/v1/connect'],
    credentials
  })
  t.same(readAddresses(['ann:@h:1']).credentials, { user: 'ann', password: '' })
})

t.test('what is no address is refused without telling a password', async (t) => {
  for (const address of [
    'h',
    'h:0',
    'h:65536',
    'h:1/x',
    'ann@h:1',
    'a:%zz@h:1',
    'a:secret@h',
    ':@h:1'
  ]) {
    t.throws(() => readAddresses([address]), { code: 'OPTION_INVALID', message: /^(?!.*secret)/ })
  }
  for (const password of ['aa/bb', 'aa@bb', 'aa%zzbb', '12/bb', 'aa@b/b@bb']) {
    for (const scheme of ['', 'ws://', 'wss://']) {
      const address = `${scheme}ann:${password}@10.0.0.1:7672`
      t.throws(
        () => readAddresses([address]),
        { code: 'OPTION_INVALID', message: /^(?!.*(aa|bb|12\/)).*percent-encode/ },
        address
      )
    }
  }
  t.throws(() => readAddresses(['a:b@h:1', 'a:c@h:2']), { message: /differ/ })
  t.throws(() => readAddresses([]), { code: 'OPTION_INVALID' })
})

t.test('user and password go together', async (t) => {
  t.match(resolveOptions({}), { user: null, password: null })
  t.match(resolveOptions({ user: 'ann', password: '' }), { user: 'ann', password: '' })
  t.throws(() => resolveOptions({ user: 'ann' }), { code: 'CREDENTIALS_REQUIRED' })
  t.throws(() => resolveOptions({ password: 'x' }), { code: 'CREDENTIALS_REQUIRED' })
  t.throws(() => resolveOptions({ user: '', password: 'x' }), { code: 'NAME_INVALID' })
})
