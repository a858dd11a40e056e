// Logs: JSON lines, never in anyone's way.
import { closeSync, openSync, readFileSync } from 'node:fs'
import t from 'tap'
import { BoundedSink, createLogger } from '../src/logger.ts'

t.test('writes structured lines', async (t) => {
  const path = `${t.testdir({})}/log`
  const descriptor = openSync(path, 'w')
  const logger = createLogger('info', { peer: 'p' }, new BoundedSink(descriptor))
  logger.log('debug', 'not wanted', {})
  logger.log('warn', 'a sentence\nwith a break', { group: 3, isTrue: true, nothing: null })
  logger.log('info', 'second', {})
  await logger.flush(60_000)
  closeSync(descriptor)
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  t.equal(lines.length, 2)
  t.match(JSON.parse(lines[0] ?? ''), {
    level: 40,
    peer: 'p',
    group: 3,
    isTrue: true,
    nothing: null,
    msg: 'a sentence\nwith a break'
  })
  t.equal(logger.dropped(), 0)
})

t.test('drops and counts what nobody takes', async (t) => {
  const path = `${t.testdir({})}/log`
  const descriptor = openSync(path, 'w')
  const sink = new BoundedSink(descriptor, 100)
  for (let line = 0; line < 10; line++) sink.write(`${'x'.repeat(29)}\n`)
  t.equal(sink.droppedLines, 7)
  await sink.flush(60_000)
  sink.write('after\n')
  await sink.flush(60_000)
  closeSync(descriptor)
  t.equal(readFileSync(path, 'utf8').length, 96)
})

t.test('a broken pipe does not end the node', async (t) => {
  const sink = new BoundedSink(987_654)
  sink.write('x\n')
  await sink.flush(60_000)
  sink.write('y\n')
  t.equal(sink.droppedLines, 1)
})
