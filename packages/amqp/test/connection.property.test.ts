// A client and a member that do by chance what each may do: nothing is thrown, the client is sent
// only what it may be sent, and the member is asked only what it may be asked (see client-books.ts
// and member-books.ts). Some of what the client does is wrong, and ends a channel, or all of it.
import { chooseSeed, Random } from '@holdfast/testkit'
import t from 'tap'
import { ClientBooks } from './client-books.ts'
import { join } from './generator.ts'
import { MemberBooks } from './member-books.ts'
import { plainConnection } from './plain-connection.ts'
import { bytesOfLine } from './script-text.ts'

const seed = chooseSeed()
t.comment(`SEED=${seed}`)

const usual = [
  'queue.declare queue=q',
  'queue.declare',
  'queue.bind queue=q exchange=e nowait',
  'queue.delete queue=q',
  'basic.qos prefetchCount=3',
  'basic.qos prefetchCount=2 global',
  'basic.consume queue=q',
  'basic.consume queue=q noAck nowait consumerTag=quiet',
  'basic.consume queue=q consumerTag=named',
  'basic.cancel consumerTag=named',
  'basic.cancel consumerTag=amq.ctag-00001.0000000000000001 nowait',
  'basic.get queue=q',
  'basic.get queue=q noAck',
  'basic.ack multiple',
  'basic.nack multiple requeue',
  'basic.recover requeue',
  'confirm.select',
  'tx.select',
  'tx.commit',
  'tx.rollback',
  'access.request',
  'channel.flow active',
  'channel.close',
  'basic.consume queue=amq.rabbitmq.reply-to noAck'
]

const wrong = [
  'basic.ack deliveryTag=99999',
  'queue.bind queue=q',
  'exchange.delete',
  'basic.get',
  'header size=3',
  'basic.qos prefetchSize=1'
]

/** What the client sends next, in one line or a few. */
function draw(random: Random, books: ClientBooks): string[] {
  const channel = random.integer(1, 4)
  const state = books.channels.get(channel)
  if (state === undefined) {
    const opening = [`${channel} channel.open`]
    return books.owesCloseOk(channel) ? [`${channel} channel.close-ok`, ...opening] : opening
  }
  const chance = random.fraction()
  if (chance < 0.3) {
    const flags = random.chance(0.2) ? ' mandatory' : ''
    return [`${channel} publish routingKey=q${flags} body=${'x'.repeat(random.below(20))}`]
  }
  if (chance < 0.6 && state.lastTag > 0) {
    const tag = random.integer(Math.max(1, state.lastTag - 3), state.lastTag)
    const method = random.pick(['basic.ack', 'basic.reject', 'basic.nack'])
    return [`${channel} ${method} deliveryTag=${tag}`]
  }
  return [`${channel} ${random.pick(chance < 0.985 ? usual : wrong)}`]
}

const hello = [
  'raw 414d515000000901',
  '0 connection.start-ok mechanism=PLAIN response=\\0guest\\0x',
  '0 connection.tune-ok channelMax=10 frameMax=4096 heartbeat=10',
  '0 connection.open vhost=/'
]

/** One connection until its end. Answers with how many lines the client sent. */
function run(random: Random, linesMax: number): number {
  const connection = plainConnection({ channelsMax: 10, frameBytesMax: 4_096 })
  const client = new ClientBooks()
  const member = new MemberBooks(random.split('member'), connection)
  let nowMs = 0
  const send = (lines: readonly string[]): void => {
    member.take(connection.receive(join(lines.map(bytesOfLine)), nowMs))
  }
  for (const line of hello) {
    send([line])
    // Whoever is refused at the door has shown all there is.
    for (let step = 0; step < 5; step++) member.act()
    client.take(connection.flush(nowMs))
  }
  let lines = 0
  while (lines < linesMax && !client.isClosed && !member.isClosed) {
    const sent = draw(random, client)
    for (const line of sent) client.sent(line)
    send(sent)
    lines += sent.length
    for (let acts = random.below(4); acts > 0; acts--) member.act()
    if (random.chance(0.1)) {
      nowMs += 2_000
      member.take(connection.tick(nowMs))
    }
    client.take(connection.flush(nowMs))
  }
  return lines
}

t.test('neither side is ever told what it should not be', async (t) => {
  let lines = 0
  for (let round = 0; round < 150; round++) {
    try {
      lines += run(new Random(seed).split(`round ${round}`), 300)
    } catch (error) {
      t.fail(`seed ${seed}, round ${round}: ${error instanceof Error ? error.stack : error}`)
    }
  }
  t.ok(lines > 3_000, `${lines} lines were sent`)
})
