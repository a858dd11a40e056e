// Methods that wait keep their order, and have a bound at which reading stops, and one that ends.
import t from 'tap'
import { amqpLimits } from '../src/limits.ts'
import { noProperties } from '../src/properties.ts'
import { type Command, WaitingCommands } from '../src/waiting-commands.ts'
import { codeOf } from './generator.ts'

const small: Command = { method: { type: 'tx.select' }, content: null }

function withBody(bytes: number): Command {
  return { ...small, content: { properties: noProperties, body: new Uint8Array(bytes) } }
}

t.test('first in, first out', async (t) => {
  const waiting = new WaitingCommands()
  const commands = [withBody(1), withBody(2), small]
  for (const command of commands) waiting.push(command)
  t.same(
    commands.map(() => waiting.shift()),
    commands
  )
  t.equal(waiting.shift(), undefined)
})

t.test('methods are counted', async (t) => {
  const waiting = new WaitingCommands()
  for (let count = 1; count < amqpLimits.waitingMethodsMax; count++) waiting.push(small)
  t.notOk(waiting.isFull)
  waiting.push(small)
  t.ok(waiting.isFull)
  for (let count = 1; count < amqpLimits.waitingMethodsMax; count++) waiting.push(small)
  t.equal(
    codeOf(() => waiting.push(small)),
    506
  )
  waiting.clear()
  t.notOk(waiting.isFull)
})

t.test('bytes are counted, and given back', async (t) => {
  const waiting = new WaitingCommands()
  waiting.push(withBody(amqpLimits.waitingBytesMax))
  t.ok(waiting.isFull)
  waiting.shift()
  t.notOk(waiting.isFull)
})
