// Signals and unexpected errors, on a process that is none.
import { EventEmitter } from 'node:events'
import t from 'tap'
import type { RunningNode } from '../src/node-parts.ts'
import { drainOnSignals, exitOnUnexpected, exitWith } from '../src/shutdown.ts'
import { blankStatus, FakeLog, until } from './fakes.ts'

class FakeProcess extends EventEmitter {
  readonly exits: number[] = []

  exit(code: number): void {
    this.exits.push(code)
  }
}

const loggerOf = (log: FakeLog) => ({
  log: log.log,
  dropped: () => 0,
  flush: () => Promise.resolve()
})

function fakeNode(hasTls = false): RunningNode & { drains: number; reloads: number } {
  return {
    drains: 0,
    reloads: 0,
    addresses: { client: '', amqp: '', peer: '', http: '' },
    status: () => blankStatus,
    drain() {
      this.drains++
    },
    reloadTls() {
      if (hasTls) this.reloads++
      return hasTls
    },
    ended: new Promise(() => undefined)
  }
}

t.test('the first signal drains, the second one ends at once', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    const target = new FakeProcess()
    const node = fakeNode()
    drainOnSignals(target, node, new FakeLog().log)
    target.emit(signal)
    t.equal(node.drains, 1)
    t.same(target.exits, [])
    target.emit(signal)
    t.same(target.exits, [1])
  }
})

t.test('a node drains when whoever started it is gone', async (t) => {
  const target = new FakeProcess()
  const node = fakeNode()
  drainOnSignals(target, node, new FakeLog().log)
  target.emit('disconnect')
  target.emit('disconnect')
  t.equal(node.drains, 1)
  t.same(target.exits, [])
})

t.test('an unexpected error ends the process with 70, once', async (t) => {
  const target = new FakeProcess()
  const log = new FakeLog()
  exitOnUnexpected(target, loggerOf(log))
  target.emit('uncaughtException', new Error('a bug'))
  target.emit('unhandledRejection', 'another')
  await until(() => target.exits.length > 0)
  t.same(target.exits, [70])
  t.match(log.lines, [{ level: 'error', fields: { reason: /a bug/ } }])
})

t.test('the last lines are written before the end', async (t) => {
  const target = new FakeProcess()
  let isFlushed = false
  const logger = {
    ...loggerOf(new FakeLog()),
    flush: async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      isFlushed = true
    }
  }
  exitWith(target, logger, 3)
  await until(() => target.exits.length > 0)
  t.ok(isFlushed)
  t.same(target.exits, [3])
})

t.test('SIGHUP means new certificates where there are any', async (t) => {
  const target = new FakeProcess()
  const node = fakeNode(true)
  drainOnSignals(target, node, new FakeLog().log)
  target.emit('SIGHUP')
  target.emit('SIGHUP')
  t.equal(node.reloads, 2)
  t.equal(node.drains, 0)
  t.same(target.exits, [])
})
