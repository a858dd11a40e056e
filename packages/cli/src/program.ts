// The commands and their options, as commander sees them. What they do is in commands/; those that
// need much that no other needs are loaded when they are run.
import {
  describeType,
  developmentNodesMax,
  environmentVariableOf,
  flagOf,
  type Setting,
  schema,
  version
} from '@holdfast/server/terminal'
import { Command, InvalidArgumentError, Option } from 'commander'
import { consume } from './commands/consume.ts'
import { nodeAdd, nodeList, nodeRemove } from './commands/node.ts'
import { publish } from './commands/publish.ts'
import { queueDelete, queueInspect, queueList, queuePurge } from './commands/queue.ts'
import { status } from './commands/status.ts'
import { collect, jsonOption, nodeOption, vhostOption } from './options.ts'
import { addAccess } from './program-access.ts'
import type { Connect } from './sdk.ts'
import type { Terminal } from './terminal.ts'

export interface Surroundings {
  readonly terminal: Terminal
  readonly connect: Connect
  /** Program and first arguments that run `holdfast`. */
  readonly launcher: readonly string[]
}

const defaultClients: readonly string[] = ['127.0.0.1:7672']

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be an integer from ${min} to ${max}.`)
    }
    return value
  }
}

/** `--client` may be given several times; the first one replaces the default. */
function collectAddresses(value: string, before: readonly string[]): readonly string[] {
  return before === defaultClients ? [value] : [...before, value]
}

const clientOption = (): Option =>
  new Option('--client <host:port>', 'client address of a node; may be repeated')
    .default(defaultClients)
    .argParser(collectAddresses)

/** Builds the whole program. It throws instead of ending the process. */
export function createProgram(surroundings: Surroundings): Command {
  const { terminal } = surroundings
  const program = new Command('holdfast')
    .description('A clustered message broker. Start with: holdfast dev')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.print(text.trimEnd()),
      writeErr: (text) => terminal.complain(text.trimEnd())
    })
    .showHelpAfterError("('holdfast --help' lists the commands)")
  addRunning(program, surroundings)
  addMessages(program, surroundings)
  addQueues(program, terminal)
  addNodes(program, terminal)
  addAccess(program, terminal)
  addTls(program)
  return program
}

/** Whatever talks to a cluster may do so by TLS. */
function addTls(command: Command): void {
  for (const inner of command.commands) addTls(inner)
  const talks = command.options.some(({ long }) => long === '--node' || long === '--client')
  if (!talks || command.name() === 'server') return
  command
    .option('--tls', 'connect with TLS; the following options imply it')
    .option('--ca <file>', 'PEM file with the authority that certificates of nodes come from')
    .option('--cert <file>', 'PEM file with a certificate to show to nodes')
    .option('--key <file>', 'PEM file with its key')
}

function addRunning(program: Command, { terminal, launcher }: Surroundings): void {
  program
    .command('dev')
    .description('run a cluster on this machine until Ctrl-C')
    .option('--nodes <n>', 'how many', integer(1, developmentNodesMax), 3)
    .option('--data <dir>', 'where it keeps its data', '.holdfast')
    .option('--port-offset <n>', 'added to every port', integer(0, 57_000), 0)
    .option('--restart', 'restart a node that died')
    .addOption(jsonOption())
    .action(async (options) => {
      const { dev } = await import('./commands/dev.ts')
      await dev(options, launcher, terminal)
    })
  const command = program
    .command('server')
    .description('run one node')
    .option('--config <file>', 'JSON file with settings (HOLDFAST_CONFIG)')
  for (const setting of schema) command.addOption(settingOption(setting))
  command.action(async (options) => {
    const { server } = await import('./commands/server.ts')
    await server(options)
  })
  program
    .command('status')
    .description('show nodes, groups and leaders')
    .addOption(nodeOption())
    .addOption(jsonOption())
    .action((options) => status(options, terminal))
  program
    .command('recover')
    .description('make a damaged data directory usable, and tell what is lost; its node is stopped')
    .requiredOption('--data <dir>', 'data directory of the node')
    .option('--accept-loss', 'do it; without this nothing is changed')
    .addOption(jsonOption())
    .action(async (options) => {
      const { recover } = await import('./commands/recover.ts')
      await recover(options, terminal)
    })
}

/**
 * Checked by the configuration, which also knows the defaults: the value stays as it was written.
 */
function settingOption(setting: Setting): Option {
  const { name, doc, type } = setting
  const isFlag = type === 'boolean'
  const placeholder = isFlag ? '' : type === 'address' ? ' <host:port>' : ' <value>'
  const kind = describeType(setting).replaceAll('`', '')
  const text = `${doc} (${kind}; ${environmentVariableOf(name)})`
  const option = new Option(`${flagOf(name)}${placeholder}`, text)
  return type === 'address-list'
    ? option.argParser((value: string, before: readonly string[] | undefined) =>
        collect(value, before ?? [])
      )
    : option
}

function addMessages(program: Command, { terminal, connect }: Surroundings): void {
  program
    .command('publish')
    .description('publish a message, and wait until it is confirmed')
    .argument('<routing-key>', 'with the default exchange: the name of the queue')
    .argument('[body]', "text of the message; '-' or nothing reads stdin")
    .option('--exchange <name>', 'exchange to publish to', '')
    .option('--declare', 'declare the queue first')
    .option('--lines', 'each line of the body is a message')
    .option('--count <n>', 'publish it so many times', integer(1, 1e9), 1)
    .option('--header <name=value>', 'header of the message; may be repeated', collect, [])
    .option('--message-id <id>', 'message id')
    .addOption(clientOption())
    .addOption(vhostOption())
    .addOption(jsonOption())
    .action((key, body, options) => publish(key, body, options, terminal, connect))
  program
    .command('consume')
    .description('print the messages of a queue as they come, until Ctrl-C')
    .argument('<queue>')
    .option('--count <n>', 'stop after so many', integer(0, 1e15 - 1), 0)
    .option('--prefetch <n>', 'messages on their way at a time', integer(1, 65_535), 100)
    .option(
      '--no-ack',
      'give the messages back at the end; only --prefetch of them come, and it counts towards a ' +
        'delivery limit'
    )
    .addOption(clientOption())
    .addOption(vhostOption())
    .addOption(jsonOption())
    .action((queue, options) => consume(queue, options, terminal, connect))
}

function addQueues(program: Command, terminal: Terminal): void {
  const queue = program.command('queue').description('look at queues, purge and delete them')
  queue
    .command('list')
    .description('list all queues')
    .addOption(nodeOption())
    .addOption(jsonOption())
    .action((options) => queueList(options, terminal))
  const one = (name: string, description: string): Command =>
    queue
      .command(name)
      .description(description)
      .argument('<queue>')
      .addOption(nodeOption())
      .addOption(vhostOption())
      .addOption(jsonOption())
  one('inspect', 'show one queue').action((name, options) => queueInspect(name, options, terminal))
  one('purge', 'delete all messages that wait in a queue').action((name, options) =>
    queuePurge(name, options, terminal)
  )
  one('delete', 'delete a queue with its messages').action((name, options) =>
    queueDelete(name, options, terminal)
  )
}

function addNodes(program: Command, terminal: Terminal): void {
  const node = program.command('node').description('list, add and remove nodes')
  node
    .command('list')
    .description('list the nodes')
    .addOption(nodeOption())
    .addOption(jsonOption())
    .action((options) => nodeList(options, terminal))
  const operation = (name: string, description: string, argument: string): Command =>
    node
      .command(name)
      .description(description)
      .argument(argument)
      .option('--no-wait', 'return once it is started')
      .addOption(nodeOption())
      .addOption(jsonOption())
  operation('add', 'take a blank node into the cluster', '<peer host:port>').action(
    (peer, options) => nodeAdd(peer, options, terminal)
  )
  operation('remove', 'remove a node, dead or alive', '<id>').action((id, options) =>
    nodeRemove(id, options, terminal)
  )
}
