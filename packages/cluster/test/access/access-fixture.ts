// Users and rights for tests that drive a lone member.
import type { AccessCommand, PasswordHash } from '@holdfast/broker'
import type { AdminReply } from '../../src/status.ts'
import type { LoneMember } from '../lone-member.ts'

export const hashOf = (letter: string): PasswordHash => ({
  algorithm: 'rabbit_password_hashing_sha256',
  hash: letter.repeat(48)
})

/** Carries out a command of an operator. */
export function change(member: LoneMember, command: AccessCommand): AdminReply | string | null {
  const answer = member.admin({ type: 'change-access', command })
  if (typeof answer === 'string') throw new Error(`${command.type} was refused: ${answer}`)
  return answer
}

export function putUser(member: LoneMember, user: string, letter = 'A'): void {
  change(member, { type: 'put-user', user, password: hashOf(letter), tags: ['monitoring'] })
}

/** Deletes a user and makes one of its name with all rights in `/`, in one batch of commands. */
export function makeAgain(member: LoneMember, user: string): void {
  const commands: readonly AccessCommand[] = [
    { type: 'delete-user', user },
    { type: 'put-user', user, password: hashOf('A'), tags: ['monitoring'] },
    { type: 'set-permission', user, vhost: '/', configure: '.*', write: '.*', read: '.*' }
  ]
  member.step(
    commands.map((command, position) => {
      return { type: 'admin', id: 1 + position, request: { type: 'change-access', command } }
    })
  )
  member.pass(100)
}

export function permit(
  member: LoneMember,
  user: string,
  [configure, write, read]: readonly [string, string, string],
  vhost = '/'
): void {
  change(member, { type: 'set-permission', user, vhost, configure, write, read })
}
