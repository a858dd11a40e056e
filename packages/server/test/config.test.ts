// Settings: where they come from, which one wins, and what is refused.
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { type ConfigurationSources, loadConfiguration } from '../src/config.ts'
import { configurationPage, environmentVariableOf, flagOf, schema } from '../src/config-schema.ts'

const load = (
  flags: ConfigurationSources['flags'],
  environment: ConfigurationSources['environment'] = {}
) => loadConfiguration({ flags: { data: '/d', ...flags }, environment })

t.test('defaults, and everything frozen', async (t) => {
  const configuration = load({})
  t.equal(configuration.client, 'localhost:7672')
  t.equal(configuration.peer, '127.0.0.1:7673')
  t.equal(configuration.bootstrap, false)
  t.same(configuration.seed, [])
  t.equal(configuration.shutdownTimeoutMs, 5000)
  t.ok(Object.isFrozen(configuration) && Object.isFrozen(configuration.seed))
})

t.test('default < file < environment < flag', async (t) => {
  const directory = t.testdir({
    'settings.json': JSON.stringify({
      connectionsMax: 5,
      shutdownTimeoutMs: 2000,
      logLevel: 'warn'
    })
  })
  const config = `${directory}/settings.json`
  const fromFile = load({ config })
  t.equal(fromFile.connectionsMax, 5)
  t.equal(load({}, { HOLDFAST_CONFIG: config }).connectionsMax, 5)
  const environment = { HOLDFAST_CONNECTIONS_MAX: '6', HOLDFAST_SHUTDOWN_TIMEOUT_MS: '3000' }
  t.equal(load({ config }, environment).connectionsMax, 6)
  const all = load({ config, connectionsMax: '7' }, environment)
  t.match(all, { connectionsMax: 7, shutdownTimeoutMs: 3000, logLevel: 'warn' })
})

t.test('each type takes what it should', async (t) => {
  t.equal(load({ bootstrap: true }).bootstrap, true)
  t.equal(load({}, { HOLDFAST_BOOTSTRAP: 'true' }).bootstrap, true)
  t.equal(load({}, { HOLDFAST_BOOTSTRAP: '0' }).bootstrap, false)
  t.same(load({ seed: ['127.0.0.1:1', '[::1]:2'] }).seed, ['127.0.0.1:1', '[::1]:2'])
  t.same(load({}, { HOLDFAST_SEED: '127.0.0.1:1,localhost:2' }).seed, [
    '127.0.0.1:1',
    'localhost:2'
  ])
  t.equal(load({ client: 'localhost:0', peer: 'localhost:0' }).peer, 'localhost:0')
})

t.test('a file may hold a value that cannot be made a text', async (t) => {
  const oddities = t.testdir({ 'settings.json': '{"connectionsMax":{"toString":1,"valueOf":1}}' })
  t.throws(() => load({ config: `${oddities}/settings.json` }), {
    code: 'CONFIGURATION_INVALID',
    details: { setting: 'connectionsMax' }
  })
})

t.test('a wrong value is refused with the name of its setting', async (t) => {
  const cases: [string, unknown][] = [
    ['connectionsMax', '0'],
    ['connectionsMax', '100001'],
    ['connectionsMax', '1e3'],
    ['connectionsMax', '9999999999999999999'],
    ['connectionsMax', 1.5],
    ['connectionsMax', Number.NaN],
    ['connectionsMax', ''],
    ['logLevel', 'loud'],
    ['bootstrap', 'maybe'],
    ['client', '127.0.0.1'],
    ['client', 7672],
    ['seed', 5],
    ['seed', ['nonsense']],
    ['token', 5],
    ['data', ''],
    ['clientBufferBytesMax', String(1024 * 1024 * 1024)]
  ]
  for (const [setting, value] of cases) {
    t.throws(
      () => load({ [setting]: value }),
      { code: 'CONFIGURATION_INVALID', details: { setting } },
      `${setting}=${String(value)}`
    )
  }
  t.throws(() => loadConfiguration({ flags: {}, environment: {} }), {
    code: 'CONFIGURATION_INVALID',
    details: { setting: 'data' }
  })
})

t.test('two listeners cannot share an address', async (t) => {
  t.throws(() => load({ client: '127.0.0.1:1', http: '127.0.0.1:1' }), {
    code: 'CONFIGURATION_INVALID'
  })
})

t.test('only loopback until credentials and TLS exist', async (t) => {
  for (const address of ['0.0.0.0:1', '[::]:1', '192.168.0.1:1', 'example.com:1']) {
    t.throws(() => load({ client: address }), { code: 'ADDRESS_REFUSED' }, address)
    t.throws(() => load({ seed: [address] }), { code: 'ADDRESS_REFUSED' }, address)
  }
})

t.test('a bad file is refused', async (t) => {
  const directory = t.testdir({
    'text.json': 'not json',
    'list.json': '[]',
    'unknown.json': '{"data":"/d","conectionsMax":5}',
    'proto.json': '{"__proto__":{"data":"/x"}}',
    'wrong.json': '{"connectionsMax":"many"}'
  })
  const cases: [string, string][] = [
    ['missing.json', 'config'],
    ['text.json', 'config'],
    ['list.json', 'config'],
    ['unknown.json', 'conectionsMax'],
    ['proto.json', '__proto__'],
    ['wrong.json', 'connectionsMax']
  ]
  for (const [file, setting] of cases) {
    t.throws(
      () => load({ config: `${directory}/${file}` }),
      { code: 'CONFIGURATION_INVALID', details: { setting } },
      file
    )
  }
})

t.test('names become flags and variables', async (t) => {
  t.equal(flagOf('clientBufferBytesMax'), '--client-buffer-bytes-max')
  t.equal(environmentVariableOf('clientBufferBytesMax'), 'HOLDFAST_CLIENT_BUFFER_BYTES_MAX')
  t.equal(new Set(schema.map(({ name }) => name)).size, schema.length)
})

t.test('docs/reference/configuration.md is what the table says', async (t) => {
  const root = new URL('../../', new URL('.', import.meta.resolve('@holdfast/server/package.json')))
  const path = new URL('docs/reference/configuration.md', root)
  // biome-ignore lint/style/noProcessEnv: REWRITE=1 writes the page.
  const { REWRITE } = process.env
  if (REWRITE === '1') writeFileSync(path, configurationPage())
  t.equal(readFileSync(path, 'utf8'), configurationPage(), 'run the test with REWRITE=1')
})
