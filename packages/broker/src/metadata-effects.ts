// Collects what a batch has changed that the member must act on. Effects that only say 'look again'
// appear once a batch, however many commands caused them.
import type { MetadataEffect } from './metadata-command.ts'
import type { Queue } from './topology-row.ts'

export class MetadataEffects {
  readonly #effects: MetadataEffect[] = []
  readonly #seen: Set<string> = new Set()

  get effects(): readonly MetadataEffect[] {
    return this.#effects
  }

  add(effect: MetadataEffect): void {
    const key = keyOf(effect)
    if (key !== null) {
      if (this.#seen.has(key)) return
      this.#seen.add(key)
    }
    this.#effects.push(effect)
  }

  addQueue(type: 'queue-created' | 'queue-deleted', queue: Queue): void {
    const { id, group, vhost, name } = queue
    this.#effects.push({ type, queue: id, group, vhost, name })
  }
}

/** What makes two effects of one batch the same; null for those that are each their own. */
function keyOf(effect: MetadataEffect): string | null {
  if (effect.type === 'queue-created' || effect.type === 'queue-deleted') return null
  if (effect.type === 'placement-changed' || effect.type === 'outbox-grew') {
    return `${effect.type} ${effect.group}`
  }
  if (effect.type === 'operation-changed') return `${effect.type} ${effect.id}`
  return effect.type
}
