// docs/reference/protocol.md against the code: every operation with its number, every request, and
// the bounds that the page states.
import { readFileSync } from 'node:fs'
import { recordLimits } from '@holdfast/record'
import t from 'tap'
import { protocolLimits } from '../src/limits.ts'
import { clientOperation, outcomes, publishFlag, serverOperation } from '../src/operations.ts'
import { parseRequest, requestNames } from '../src/requests.ts'
import { protocolVersionsSupported } from '../src/version.ts'

const root = new URL('../../', new URL('.', import.meta.resolve('@holdfast/protocol/package.json')))
const page = readFileSync(new URL('docs/reference/protocol.md', root), 'utf8')

/** The part of the page below a heading. */
function part(heading: string): string {
  const [, after = ''] = page.split(`\n## ${heading}\n`)
  return after.split('\n## ')[0] ?? ''
}

/** `wantCredit` as it stands on the page: `want-credit`. */
const spelt = (name: string): string => name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)

const operationRows = (heading: string): readonly string[] =>
  [...part(heading).matchAll(/^\| (\d+ [a-z-]+) \|/gm)].map((match) => match[1] ?? '')

const listed = (operations: Readonly<Record<string, number>>): readonly string[] =>
  Object.entries(operations).map(([name, number]) => `${number} ${spelt(name)}`)

t.test('operations and their numbers', async (t) => {
  t.same(operationRows('From client to server'), listed(clientOperation))
  t.same(operationRows('From server to client'), listed(serverOperation))
})

t.test('flags, outcomes, version', async (t) => {
  const { mandatory, first } = publishFlag
  t.match(page, `${mandatory} = mandatory, ${first} = vouched for`)
  t.match(page, outcomes.map((outcome, number) => `${number} = ${outcome}`).join(', '))
  t.match(page, `Version ${protocolVersionsSupported.join(', ')}.`)
})

t.test('requests and their arguments', async (t) => {
  const rows = new Map<string, readonly string[]>()
  for (const match of part('Requests').matchAll(/^\| (`[^|]+`) \| ((?:\\\||[^|])*) \|/gm)) {
    const args = (match[2] ?? '').match(/`([^`]*)`/)?.[1]?.replace(/:.*$/, '') ?? ''
    for (const [, name = ''] of (match[1] ?? '').matchAll(/`([^`]+)`/g)) {
      rows.set(name, args === '' ? [] : args.split(', '))
    }
  }
  t.same([...rows.keys()].sort(), [...requestNames].sort())
  for (const [name, args] of rows) {
    // An argument that is not known is refused before its value is looked at.
    for (const known of args) {
      t.not(refusedKey(name, known), known, `${name} knows ${known}`)
    }
    t.equal(refusedKey(name, 'unheardOf'), 'unheardOf', `${name} refuses what it does not know`)
  }
})

/** The argument that was refused as unknown, or null. */
function refusedKey(name: string, argument: string): string | null {
  try {
    parseRequest(name, { [argument]: null })
    return null
  } catch (error) {
    const { code, details } = error as { code: string; details: { option?: string } }
    return code === 'OPTION_UNKNOWN' ? (details.option ?? '') : null
  }
}

t.test('bounds', async (t) => {
  const grouped = (count: number): string => String(count).replace(/(\d)(?=(\d{3})+$)/g, '$1,')
  const { helloBytesMax, frameBytesMax, publishCreditBytes, requestsMax } = protocolLimits
  t.match(page, `at most ${helloBytesMax / 1024} KiB`)
  t.equal(frameBytesMax, (16 * 1024 + 128) * 1024)
  t.match(page, '16 MiB + 128 KiB')
  t.match(page, `(${publishCreditBytes / 1024} KiB)`)
  t.match(page, `At most ${grouped(requestsMax)} unanswered`)
  t.match(page, `at most ${recordLimits.depthMax} levels deep`)
  t.match(page, `A body has at most ${recordLimits.bodyBytesMax / 1024 ** 2} MiB`)
  t.match(page, `properties ${recordLimits.propertiesBytesMax / 1024} KiB`)
  t.match(page, `a batch ${grouped(recordLimits.recordsMax)} records`)
  t.match(page, `at most ${protocolLimits.nameBytesMax} bytes of UTF-8`)
  t.match(page, `within ${protocolLimits.handshakeTimeoutMs / 1000} seconds`)
})
