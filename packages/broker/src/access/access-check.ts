// What can be said of a command about users and rights without knowing the state.
import { HoldfastError } from '@holdfast/errors'
import { metadataLimits } from '../limits.ts'
import { checkName, textFault } from '../names.ts'
import type { AccessCommand } from './access-command.ts'
import { passwordHashFault } from './password-hash.ts'
import { checkPattern } from './pattern.ts'

type PutUser = Extract<AccessCommand, { type: 'put-user' }>

function invalid(option: string, kind: string, reason: string): HoldfastError {
  return new HoldfastError('OPTION_INVALID', { option, kind, reason })
}

/** @throws NAME_INVALID, OPTION_INVALID */
export function checkUser({ user, password, tags }: PutUser): void {
  checkName('user', user)
  const fault = password === null ? null : passwordHashFault(password)
  if (fault !== null) throw invalid('password_hash', 'user', fault)
  const { tagsMax, tagBytesMax } = metadataLimits
  if (tags.length > tagsMax) throw invalid('tags', 'user', `there are more than ${tagsMax}`)
  for (const tag of tags) {
    const reason = tag === '' ? 'one is empty' : textFault(tag, tagBytesMax)
    if (reason !== null) throw invalid('tags', 'user', reason)
  }
}

/** @throws PATTERN_INVALID for one that is too long, which all versions see alike */
export function checkPatternLength(right: string, pattern: string): void {
  const reason = textFault(pattern, metadataLimits.patternBytesMax)
  if (reason !== null) throw new HoldfastError('PATTERN_INVALID', { right, reason })
}

function checkPatternFor(right: string, pattern: string): void {
  checkPatternLength(right, pattern)
  checkPattern(right, pattern)
}

/** @throws OPTION_INVALID */
export function checkDescription(description: string | null): void {
  const reason = textFault(description ?? '', metadataLimits.sentenceBytesMax)
  if (reason !== null) throw invalid('description', 'vhost', reason)
}

/** @throws NAME_INVALID, OPTION_INVALID, PATTERN_INVALID */
export function checkAccessCommand(command: AccessCommand): void {
  switch (command.type) {
    case 'put-user':
      return checkUser(command)
    case 'put-vhost':
      checkName('vhost', command.vhost)
      return checkDescription(command.description)
    case 'set-permission':
    case 'set-topic-permission':
      if (command.type === 'set-permission') checkPatternFor('configure', command.configure)
      checkPatternFor('write', command.write)
      return checkPatternFor('read', command.read)
    default:
  }
}
