// What a caller must be, by the tags of its user, as RabbitMQ's management has them: each includes
// what it is above.
import type { Identity } from '@holdfast/cluster'
import { HoldfastError } from '@holdfast/errors'

export type Tag = 'management' | 'policymaker' | 'monitoring' | 'administrator'

/** `none`: everybody, who need not say who he is. */
export type Role = Tag | 'none'

/** Tags that will do for each. */
const sufficient: Readonly<Record<Tag, readonly string[]>> = {
  management: ['management', 'policymaker', 'monitoring', 'administrator'],
  policymaker: ['policymaker', 'administrator'],
  monitoring: ['monitoring', 'administrator'],
  administrator: ['administrator']
}

function hasTag({ tags }: Identity, tag: Tag): boolean {
  return tags.some((each) => sufficient[tag].includes(each))
}

/** @throws TAG_REQUIRED */
export function requireRole(identity: Identity, role: Role): void {
  if (role === 'none' || hasTag(identity, role)) return
  throw new HoldfastError('TAG_REQUIRED', { user: identity.user, tag: role })
}

/** The vhosts that a caller sees: its own, or all, which is null. */
export function seenVhosts(identity: Identity): readonly string[] | null {
  return hasTag(identity, 'monitoring') ? null : identity.vhosts
}

/** Whether a caller sees a vhost. */
export function seesVhost(identity: Identity, vhost: string): boolean {
  return seenVhosts(identity)?.includes(vhost) ?? true
}

/** @throws VHOST_ACCESS_REFUSED */
export function requireVhost(identity: Identity, vhost: string): void {
  if (seesVhost(identity, vhost)) return
  throw new HoldfastError('VHOST_ACCESS_REFUSED', { user: identity.user, vhost })
}
