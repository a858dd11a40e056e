// A member that is alone, and clients of AMQP, under a script. Commands:
//
//   cluster [shards=N]           a new one; everything begins with it
//   connect NAME [user=U] [vhost=V] [channels=(1,2)] [quiet] [external]
//           [certificate=N] [remote=HOST:PORT]
//                                a client, open; `quiet`: without the capabilities that it be told;
//                                `external`: it says no password; N: the name that its listener
//                                has read in its certificate
//   again NAME                   the user is deleted and made again, in one batch, as it was
//   NAME                         it sends the methods in the input, one a line (see amqp-lines.ts)
//   NAME gone                    its socket ends
//   pass MS / hold / release     time; from `hold` to `release` nothing is committed
//   release one                  but what was first to be written
//   user NAME / delete-user NAME / permit NAME configure=P write=P read=P / forbid NAME
//                                `forbid`: it may not be in the vhost any more
//   disk low / disk free
//
// Each lets some time pass, and shows what the clients were told since, and which are closed.
import { FrameWriter } from '@holdfast/amqp'
import { utf8Encode } from '@holdfast/record'
import { argumentOf, type ScriptBlock } from '@holdfast/testkit'
import { change, makeAgain, permit, putUser } from './access/access-fixture.ts'
import { LineReader, writeLine } from './amqp-lines.ts'
import { LoneMember, type Plug } from './lone-member.ts'

/** How long each command waits for what comes of it. */
const settleMs = 300

const capabilities = [
  'consumer_cancel_notify',
  'connection.blocked',
  'authentication_failure_close'
] as const

const valuesOf = (block: ScriptBlock, key: string): readonly string[] | undefined =>
  block.arguments.find((argument) => argument.key === key)?.values

class ScriptClient {
  readonly writer = new FrameWriter()
  readonly reader = new LineReader()
  readonly id: number
  readonly #member: LoneMember

  constructor(member: LoneMember, plug: Plug) {
    this.#member = member
    this.id = member.plugAmqp((chunk) => this.reader.feed(chunk), plug)
  }

  speak(): void {
    const bytes = new Uint8Array(Buffer.concat([...this.writer.take()]))
    this.#member.step([{ type: 'client-bytes', connection: this.id, bytes }])
  }

  /** Everything up to open channels. */
  enter(block: ScriptBlock): void {
    const user = argumentOf(block, 'user') ?? 'guest'
    const isExternal = block.arguments.some(({ key }) => key === 'external')
    const isQuiet = block.arguments.some(({ key }) => key === 'quiet')
    const able = new Map(
      capabilities.map((name) => [name, { type: 't', value: !isQuiet } as const])
    )
    this.writer.protocolHeader()
    this.writer.method(0, {
      type: 'connection.start-ok',
      clientProperties: new Map([['capabilities', { type: 'F', value: able } as const]]),
      mechanism: isExternal ? 'EXTERNAL' : 'PLAIN',
      response: utf8Encode(isExternal ? '' : `\0${user}\0${user}`),
      locale: 'en_US'
    })
    this.speak()
    if (this.#member.verifying.length > 0) this.#member.verified(true)
    writeLine(this.writer, '0 connection.tune-ok channelMax=2047 frameMax=131072')
    writeLine(this.writer, `0 connection.open vhost=${argumentOf(block, 'vhost') ?? '/'}`)
    for (const channel of valuesOf(block, 'channels') ?? ['1']) {
      writeLine(this.writer, `${channel} channel.open`)
    }
    this.speak()
  }
}

/** What says only that the handshake went well. */
const entrance = / (?:connection\.(?:start|tune|open-ok)|channel\.open-ok)\b/

export class ScriptMember {
  #member = new LoneMember()
  #clients = new Map<string, ScriptClient>()

  run(block: ScriptBlock): string {
    const { command } = block
    const [word = ''] = block.arguments.map(({ key }) => key)
    const client = this.#clients.get(command)
    if (client !== undefined) this.#act(client, word, block.input)
    else this.#carryOut(block, word)
    if (command !== 'pass') this.#member.pass(settleMs)
    return this.#told(command === 'connect')
  }

  #act(client: ScriptClient, word: string, input: string): void {
    if (word === 'gone') {
      return this.#member.step([{ type: 'client-down', connection: client.id }])
    }
    for (const line of input.split('\n')) writeLine(client.writer, line.trim())
    client.speak()
  }

  #carryOut(block: ScriptBlock, word: string): void {
    const member = this.#member
    switch (block.command) {
      case 'cluster':
        this.#member = new LoneMember(Number(argumentOf(block, 'shards') ?? 1))
        this.#clients = new Map()
        return
      case 'connect': {
        const [remote, certificate] = ['remote', 'certificate'].map((key) => argumentOf(block, key))
        const client = new ScriptClient(member, { remote, certificate })
        this.#clients.set(word, client)
        return client.enter(block)
      }
      case 'pass':
        return member.pass(Number(word))
      case 'hold':
        return member.hold()
      case 'release':
        return word === 'one' ? member.releaseOne() : member.release()
      case 'user':
        return putUser(member, word)
      case 'again':
        return makeAgain(member, word)
      case 'delete-user':
        change(member, { type: 'delete-user', user: word })
        return
      case 'permit': {
        const [configure, write, read] = ['configure', 'write', 'read'].map(
          (right) => argumentOf(block, right) ?? ''
        ) as [string, string, string]
        return permit(member, word, [configure, write, read])
      }
      case 'forbid':
        change(member, { type: 'clear-permission', user: word, vhost: '/' })
        return
      case 'disk': {
        const freeBytes = word === 'low' ? 1 : 2 ** 40
        return member.step([{ type: 'disk', freeBytes, totalBytes: 2 ** 41 }])
      }
      default:
        throw new Error(`line ${block.line}: no command is called ${block.command}`)
    }
  }

  #told(isEntering: boolean): string {
    const lines: string[] = []
    for (const [name, { reader }] of this.#clients) {
      for (const line of reader.take()) {
        if (!isEntering || !entrance.test(line)) lines.push(`${name} <- ${line}`)
      }
    }
    return lines.join('\n')
  }
}
