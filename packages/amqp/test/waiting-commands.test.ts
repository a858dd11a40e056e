// Methods that wait keep their order, and have a bound at which reading stops, and one that ends.
import t from 'tap'
import { amqpLimits } from '../src/limits.ts'
import { noProperties } from '../src/properties.ts'
import { type Command, WaitingCommands } from '../src/waiting-commands.ts'
import { codeOf } from './generator.ts'

const small: Command = { method: { type: 'tx.select' }, methodBytes: 4, content: null }

function withBody(bytes: number): Command {
  return { ...small, content: { properties: noProperties, body: new Uint8Array(bytes) } }
}

function withProperties(bytes: number): Command['content'] {
  return { properties: new Uint8Array(bytes), body: new Uint8Array(100) }
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
  for (let count = 1; count <= 5; count++) waiting.push(small)
  for (let left = 4; left > 0; left--) {
    t.equal(waiting.shift(), small)
    t.equal(waiting.count, left)
  }
  waiting.clear()
  t.match(waiting, { count: 0, bytes: 0 })
})

t.test('bytes are counted, those of properties and arguments too, and given back', async (t) => {
  const waiting = new WaitingCommands()
  const command = withBody(100)
  waiting.push(command)
  const plain = waiting.bytes
  t.ok(plain >= 104)
  waiting.push({ ...command, methodBytes: 5, content: withProperties(52) })
  const both = waiting.bytes
  t.ok(both >= 2 * plain + 1 + 50)
  waiting.shift()
  waiting.shift()
  t.equal(waiting.bytes, 0)
  const { waitingBytesMax, turnBytesMax } = amqpLimits
  waiting.push({ ...small, methodBytes: turnBytesMax - 2 * small.methodBytes })
  waiting.push(withBody(waitingBytesMax))
  t.equal(
    codeOf(() => waiting.push(command)),
    506
  )
})
