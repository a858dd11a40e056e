// Credentials: read in each mechanism, and refused where they are none.
import t from 'tap'
import { writeTable } from '../src/field-table.ts'
import { textField } from '../src/field-value.ts'
import { type Mechanism, readCredentials } from '../src/sasl.ts'
import { codeOf, cutsOf, flipsOf, written } from './generator.ts'

const all: readonly Mechanism[] = ['PLAIN', 'AMQPLAIN', 'EXTERNAL', 'ANONYMOUS']
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const login = written((writer) =>
  writeTable(
    writer,
    new Map([
      ['LOGIN', textField('ü')],
      ['PASSWORD', textField('p\0w')]
    ])
  )
).subarray(4)

t.test('each mechanism has its form', async (t) => {
  t.same(readCredentials('PLAIN', bytes('\0ü\0p\0w'), all), {
    mechanism: 'PLAIN',
    user: 'ü',
    password: bytes('p\0w')
  })
  t.match(readCredentials('PLAIN', bytes('as\0user\0'), all), { user: 'user' })
  t.same(readCredentials('AMQPLAIN', login, all), {
    mechanism: 'AMQPLAIN',
    user: 'ü',
    password: bytes('p\0w')
  })
  for (const said of ['', 'CN=x', '\0*\0*']) {
    t.same(readCredentials('EXTERNAL', bytes(said), all), { mechanism: 'EXTERNAL' })
  }
  t.same(readCredentials('ANONYMOUS', bytes('trace'), all), { mechanism: 'ANONYMOUS' })
})

t.test('only what is offered is taken', async (t) => {
  t.equal(
    codeOf(() => readCredentials('ANONYMOUS', bytes(''), ['PLAIN'])),
    503
  )
  t.equal(
    codeOf(() => readCredentials('plain', bytes('\0a\0b'), all)),
    503
  )
})

t.test('a response that is none is refused with 502', async (t) => {
  for (const text of ['', 'user', '\0user', 'a\0b']) {
    t.equal(
      codeOf(() => readCredentials('PLAIN', bytes(text), all)),
      502,
      JSON.stringify(text)
    )
  }
  const binary = Uint8Array.of(0, 0xff, 0)
  t.equal(
    codeOf(() => readCredentials('PLAIN', binary, all)),
    502,
    'a user that is not UTF-8'
  )
  for (const cut of cutsOf(login)) {
    t.equal(
      codeOf(() => readCredentials('AMQPLAIN', cut, all)),
      502
    )
  }
  for (const flipped of flipsOf(login)) {
    const code = codeOf(() => readCredentials('AMQPLAIN', flipped, all))
    if (code !== 0 && code !== 502) t.fail(`${code}`)
  }
})
