// What a queue can be declared with, what makes two declarations different, and which promises are
// refused because nobody would keep them.
import { readFileSync } from 'node:fs'
import { HoldfastError } from '@holdfast/errors'
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import type { MetadataCommand, MetadataResult } from '../src/index.ts'
import { unsupportedArguments } from '../src/queue-arguments.ts'
import {
  differingOption,
  readQueueOptions,
  refusesWhenFull,
  settingsOf
} from '../src/queue-options.ts'
import { applyAll, createMachine, give } from './metadata-fixture.ts'

type Options = Record<string, unknown>

function declare(options: Options, name = 'q'): MetadataCommand {
  return { type: 'declare-queue', vhost: '/', name, options, group: 1 }
}

function errorOf(result: MetadataResult | undefined) {
  if (result === undefined || !('error' in result)) throw new Error('it is refused')
  return result.error
}

t.test('what means something must be as it should be', async (t) => {
  const given = (options: Options) => () => readQueueOptions(options)
  const arg = (name: string, value: unknown) => given({ arguments: { [name]: value } })
  for (const value of [1, 315_360_000_001 - 1]) t.doesNotThrow(arg('x-expires', value))
  for (const value of [0, -1, 1.5, 315_360_000_001, '5', null, true, []]) {
    t.throws(arg('x-expires', value), { code: 'OPTION_INVALID', details: { option: 'x-expires' } })
  }
  for (const value of ['classic', 'quorum']) t.doesNotThrow(arg('x-queue-type', value))
  t.throws(arg('x-queue-type', 'stream'), { message: /there are no streams in this version/ })
  for (const value of ['', 'Classic', 5]) {
    t.throws(arg('x-queue-type', value), { code: 'OPTION_INVALID' })
  }
  for (const value of [0, 1, 315_360_000_001 - 1]) t.doesNotThrow(arg('x-message-ttl', value))
  for (const value of [-1, 315_360_000_001, 0.5, '5', true, null, [5], 2 ** 53]) {
    t.throws(arg('x-message-ttl', value), { code: 'OPTION_INVALID' })
  }
  t.throws(arg('x-single-active-consumer', 1), { code: 'OPTION_INVALID' })
  for (const value of [1, null, 'x'.repeat(256), '\ud800']) {
    t.throws(arg('x-dead-letter-exchange', value), { code: 'OPTION_INVALID' })
  }
  t.throws(arg('x-dead-letter-routing-key', 'k'), { message: /means nothing without/ })
  const both = (value: unknown) => {
    const names = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': value }
    return given({ arguments: names })
  }
  t.doesNotThrow(both(''))
  t.throws(both(1), { code: 'OPTION_INVALID' })
  for (const value of ['at-most-once', 'at-least-once']) {
    t.doesNotThrow(arg('x-dead-letter-strategy', value))
  }
  t.throws(arg('x-dead-letter-strategy', 'never'), { code: 'OPTION_INVALID' })
  for (const value of ['', 'amq.', 'ü'.repeat(33), 4]) {
    t.throws(arg('x-name-prefix', value), { code: 'OPTION_INVALID' })
  }
  t.same(readQueueOptions({ arguments: { 'x-name-prefix': 'ü'.repeat(32) } }).arguments, {})
  for (const option of ['durable', 'exclusive', 'autoDelete', 'arguments']) {
    for (const value of [null, 1, 'true', []]) {
      t.throws(given({ [option]: value }), { code: 'OPTION_INVALID', details: { option } })
    }
  }
  t.throws(given({ arguments: { a: 'x'.repeat(9000) } }), { code: 'OPTION_INVALID' })
  t.throws(given({ durable: true, ttl: 1 }), { code: 'OPTION_UNKNOWN', details: { option: 'ttl' } })
})

t.test('a promise that nobody keeps is refused, and what means nothing is kept', async (t) => {
  const promises = ['x-delayed-retry-type', 'x-max-age', 'x-cache-size']
  for (const option of promises) {
    const given = () => readQueueOptions({ arguments: { [option]: 5 } })
    t.throws(given, { code: 'OPTION_UNSUPPORTED', details: { option, kind: 'queue' } })
  }
  const idle = { 'x-queue-mode': 'lazy', 'x-quorum-initial-group-size': 3, 'my-own': [null, {}] }
  t.same(readQueueOptions({ arguments: idle }).arguments, idle)
})

t.test('settings are what a shard needs, and plain where nothing is asked for', async (t) => {
  const timeless = { expiresMs: 0, messageTtlMs: null }
  const limits = { lengthLimit: null, deliveryLimit: null }
  const endless = { deadLetter: null, ...limits, maxPriority: 0 }
  const plain = { autoDelete: false, ...timeless, singleActive: false, ...endless }
  t.same(settingsOf(readQueueOptions({})), plain)
  t.same(settingsOf(readQueueOptions({ durable: false, arguments: { a: 1 } })), plain)
  const given = { 'x-expires': 9, 'x-single-active-consumer': true }
  const all = { ...plain, autoDelete: true, expiresMs: 9, singleActive: true }
  t.same(settingsOf(readQueueOptions({ autoDelete: true, arguments: given })), all)
  const brief = readQueueOptions({ arguments: { 'x-message-ttl': 0 } })
  t.same(settingsOf(brief), { ...plain, messageTtlMs: 0 }, 'no time to live is a time to live')
  const ofDead = (names: Options) => settingsOf(readQueueOptions({ arguments: names })).deadLetter
  const exchange = { 'x-dead-letter-exchange': 'x' }
  t.same(ofDead(exchange), { exchange: 'x', routingKey: null })
  const rerouted = { ...exchange, 'x-dead-letter-routing-key': '' }
  t.same(ofDead(rerouted), { exchange: 'x', routingKey: '' })
})

t.test('a length limit is of messages, of bytes, or of both', async (t) => {
  const arg = (name: string, value: unknown) => () =>
    readQueueOptions({ arguments: { [name]: value } })
  for (const name of ['x-max-length', 'x-max-length-bytes']) {
    for (const value of [0, 1, Number.MAX_SAFE_INTEGER]) t.doesNotThrow(arg(name, value))
    for (const value of [-1, 0.5, '1', true, null, 2 ** 53]) {
      t.throws(arg(name, value), { code: 'OPTION_INVALID', details: { option: name } })
    }
  }
  t.throws(arg('x-overflow', 'drop-tail'), { code: 'OPTION_INVALID' })
  const limitOf = (given: Options) => {
    const options = readQueueOptions({ arguments: given })
    return [settingsOf(options).lengthLimit, refusesWhenFull(options)]
  }
  const few = { messages: 0, bytes: null, overflow: 'drop-head' }
  t.same(limitOf({ 'x-max-length': 0 }), [few, false])
  const small = { messages: null, bytes: 9, overflow: 'reject-publish-dlx' }
  const refusing = { 'x-overflow': 'reject-publish-dlx' }
  t.same(limitOf({ 'x-max-length-bytes': 9, ...refusing }), [small, true])
  t.same(limitOf(refusing), [null, false], 'without a limit nothing is too much')
})

t.test('priorities are few, or as many as a message can tell', async (t) => {
  const given = (value: unknown) => () =>
    readQueueOptions({ arguments: { 'x-max-priority': value } })
  for (const value of [-1, 0.5, '1', true, null, 256]) {
    t.throws(given(value), { code: 'OPTION_INVALID', details: { option: 'x-max-priority' } })
  }
  for (const value of [0, 1, 255]) t.equal(settingsOf(given(value)()).maxPriority, value)
  t.equal(settingsOf(given(0)()), settingsOf(readQueueOptions({})), 'none is a plain queue')
})

t.test('a delivery limit is a whole number, and there is none by default', async (t) => {
  const limited = (value: unknown) =>
    readQueueOptions({ arguments: { 'x-delivery-limit': value as number } })
  for (const value of [-2, 0.5, '1', true, null, 2 ** 53]) {
    t.throws(() => limited(value), {
      code: 'OPTION_INVALID',
      details: { option: 'x-delivery-limit' }
    })
  }
  t.equal(settingsOf(limited(0)).deliveryLimit, 0, 'nothing may come back')
  t.equal(settingsOf(limited(5)).deliveryLimit, 5)
  t.equal(settingsOf(limited(-1)), settingsOf(readQueueOptions({})), 'said in so many words')
  t.equal(differingOption(limited(-1), readQueueOptions({})), null)
  t.match(differingOption(limited(-1), limited(3)), { field: 'x-delivery-limit', asked: '3' })
})

t.test('a mismatch names what differs, and both values', async (t) => {
  const machine = createMachine()
  give(machine, declare({ arguments: { 'x-expires': 60_000 } }))
  const cases: readonly (readonly [Options, string, string, string])[] = [
    [{ durable: false, autoDelete: true }, 'durable', 'true', 'false'],
    [{ autoDelete: true }, 'autoDelete', 'false', 'true'],
    [{}, 'x-expires', '60000', 'none'],
    [{ arguments: { 'x-expires': 1 } }, 'x-expires', '60000', '1'],
    [{ arguments: { 'x-expires': 60_000, 'x-message-ttl': 0 } }, 'x-message-ttl', 'none', '0'],
    [
      { arguments: { 'x-expires': 60_000, 'x-queue-type': 'quorum' } },
      'x-queue-type',
      'classic',
      'quorum'
    ]
  ]
  for (const [options, field, found, asked] of cases) {
    const { code, details } = errorOf(applyAll(machine, [declare(options)])[0])
    t.same([code, details], ['QUEUE_MISMATCH', { vhost: '/', queue: 'q', field, found, asked }])
  }
  const { message } = errorOf(applyAll(machine, [declare({})])[0])
  t.match(message, /arg 'x-expires' .* received 'none' but current is '60000'; declare it as it is/)
})

t.test('reserved names are for names that a node made', async (t) => {
  const machine = createMachine()
  t.equal(give(machine, declare({}, 'amq.gen-1')), 'NAME_RESERVED')
  t.match(give(machine, declare({ serverNamed: true }, 'amq.gen-1')), { created: true })
  t.match(give(machine, declare({}, 'amq.gen-1')), { created: false }, 'it exists')
})

t.test('the page on queues lists what is refused, and what means nothing', async (t) => {
  const page = readFileSync(
    new URL('../../docs/concepts/queues.md', import.meta.resolve('@holdfast/broker/package.json')),
    'utf8'
  )
  const refuses = (option: string): boolean => {
    try {
      readQueueOptions({ arguments: { [option]: 1 } })
      return false
    } catch (error) {
      return error instanceof HoldfastError && error.code === 'OPTION_UNSUPPORTED'
    }
  }
  const section = page.slice(page.indexOf('| refused |'), page.indexOf('## Queues that end'))
  const [table = '', rest = ''] = section.split('All other arguments')
  const named = (text: string) => [...text.matchAll(/`(x-[a-z-]+)`/g)].map(([, name = '']) => name)
  t.same(named(table).sort(), [...unsupportedArguments].sort())
  t.ok(named(table).every(refuses))
  t.ok(named(rest).length > 5)
  t.notOk(named(rest).some(refuses))
})

// RabbitMQ's rule, said plainly: flags, then its own arguments, with their defaults.
function isEqual(a: Options, b: Options): boolean {
  const of = (options: Options) => {
    const { durable = true, autoDelete = false } = options
    const given = (options['arguments'] ?? {}) as Options
    const type = given['x-queue-type'] ?? 'classic'
    const active = given['x-single-active-consumer'] ?? false
    const { 'x-expires': expires, 'x-message-ttl': ttl } = given
    return JSON.stringify([durable, autoDelete, expires, ttl, type, active])
  }
  return of(a) === of(b)
}

t.test('declarations of all kinds are equal when RabbitMQ says so', async (t) => {
  const seed = chooseSeed()
  t.comment(`seed ${seed}`)
  const random = new Random(seed)
  const some = (key: string, ...values: readonly unknown[]): Options =>
    random.chance(0.5) ? { [key]: random.pick(values) } : {}
  const options = (): Options => ({
    ...some('durable', true, false),
    ...some('exclusive', false),
    ...some('autoDelete', true, false),
    ...some('arguments', {
      ...some('x-expires', 5, 5.0, 6),
      ...some('x-queue-type', 'classic', 'quorum'),
      ...some('x-single-active-consumer', true, false),
      ...some('x-queue-mode', 'lazy', 'default'),
      ...some('unknown', 1, 'two')
    })
  })
  const machine = createMachine()
  for (let round = 0; round < 2_000 && t.passing(); round++) {
    const name = `q${round % 50}`
    const existing = machine.topology.queue('/', name)
    if (existing !== null && random.chance(0.2)) {
      give(machine, { type: 'delete-queue', vhost: '/', name, queue: existing.id })
      continue
    }
    const asked = options()
    const reply = give(machine, declare(asked, name))
    if (existing === null) t.match(reply, { created: true })
    else if (isEqual({ ...existing.options }, asked)) {
      t.same(reply, {
        type: 'queue',
        queue: existing.id,
        group: 1,
        cursor: existing.id,
        created: false
      })
    } else t.equal(reply, 'QUEUE_MISMATCH')
  }
})
