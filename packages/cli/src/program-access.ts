// The commands about users, permissions and vhosts, as commander sees them.
import type { Command } from 'commander'
import {
  permissionClear,
  permissionList,
  permissionSet,
  userAdd,
  userDelete,
  userList,
  vhostAdd,
  vhostDelete,
  vhostList
} from './commands/access.ts'
import { collect, jsonOption, nodeOption, vhostOption } from './options.ts'
import type { Terminal } from './terminal.ts'

export function addAccess(program: Command, terminal: Terminal): void {
  addUsers(program, terminal)
  addPermissions(program, terminal)
  addVhosts(program, terminal)
}

function one(of: Command, name: string, description: string): Command {
  return of.command(name).description(description).addOption(nodeOption()).addOption(jsonOption())
}

function addUsers(program: Command, terminal: Terminal): void {
  const user = program.command('user').description('list, add and delete users')
  one(user, 'list', 'list the users').action((options) => userList(options, terminal))
  one(user, 'add', 'add a user, or give it another password and other tags')
    .argument('<user>')
    .argument('[password]', "'-' or nothing reads a line from stdin")
    .option('--tag <tag>', 'administrator, monitoring, …; may be repeated', collect, [])
    .action((name, password, options) => userAdd(name, password, options, terminal))
  one(user, 'delete', 'delete a user with its permissions, and end its connections')
    .argument('<user>')
    .action((name, options) => userDelete(name, options, terminal))
}

function addPermissions(program: Command, terminal: Terminal): void {
  const permission = program
    .command('permission')
    .description('list, set and clear what users may do')
  one(permission, 'list', 'list what users may do').action((options) =>
    permissionList(options, terminal)
  )
  one(permission, 'set', 'set what a user may do in a vhost, by patterns of names')
    .argument('<user>')
    .argument('<configure>', 'what it may declare and delete')
    .argument('<write>', 'what it may publish and bind to')
    .argument('<read>', 'what it may consume and bind from')
    .addOption(vhostOption())
    .action((user, configure, write, read, options) =>
      permissionSet(user, { configure, write, read }, options, terminal)
    )
  one(permission, 'clear', 'take from a user all that it may do in a vhost')
    .argument('<user>')
    .addOption(vhostOption())
    .action((user, options) => permissionClear(user, options, terminal))
}

function addVhosts(program: Command, terminal: Terminal): void {
  const vhost = program.command('vhost').description('list, add and delete vhosts')
  one(vhost, 'list', 'list the vhosts').action((options) => vhostList(options, terminal))
  one(vhost, 'add', 'add a vhost, or describe it')
    .argument('<vhost>')
    .option('--description <text>', 'for people')
    .action((name, options) => vhostAdd(name, options, terminal))
  one(vhost, 'delete', 'delete a vhost that is empty')
    .argument('<vhost>')
    .action((name, options) => vhostDelete(name, options, terminal))
}
