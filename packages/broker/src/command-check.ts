// What can be said of a command without knowing the state: names, options, arguments. Whoever takes
// a command from a client asks here before it is proposed, so that nonsense never reaches the log;
// apply asks again, since it trusts nobody.
import { HoldfastError } from '@holdfast/errors'
import { isAccessCommand } from './access/access-changes.ts'
import { checkAccessCommand } from './access/access-check.ts'
import { checkBinding } from './binding-check.ts'
import { defaultExchange, readExchangeKind, readExchangeOptions } from './exchange/exchange.ts'
import type { MetadataCommand } from './metadata-command.ts'
import { checkName } from './names.ts'
import { readQueueOptions } from './queue-options.ts'
import { machineVersionSupported } from './version.ts'

/**
 * Passes every command that some state would obey.
 * @throws NAME_INVALID, OPTION_UNKNOWN, OPTION_UNSUPPORTED, OPTION_INVALID, BINDING_INVALID,
 * EXCHANGE_TYPE_UNKNOWN, EXCHANGE_RESERVED, VERSION_UNSUPPORTED, PATTERN_INVALID
 */
export function checkMetadataCommand(command: MetadataCommand): void {
  if (isAccessCommand(command)) checkAccessCommand(command)
  else if (command.type === 'declare-vhost') checkName('vhost', command.vhost)
  else if (command.type === 'declare-exchange') {
    if (command.name === defaultExchange) {
      throw new HoldfastError('EXCHANGE_RESERVED', { exchange: command.name })
    }
    checkName('exchange', command.name)
    readExchangeKind(command.kind)
    readExchangeOptions(command.options)
  } else if (command.type === 'declare-queue') {
    checkName('queue', command.name)
    readQueueOptions(command.options)
  } else if (command.type === 'bind' || command.type === 'unbind') {
    checkBinding(command.bindingKey, command.arguments)
  } else if (command.type === 'activate-version' && command.version > machineVersionSupported) {
    const details = { version: command.version, supported: machineVersionSupported }
    throw new HoldfastError('VERSION_UNSUPPORTED', details)
  }
}
