// What a queue can be declared with. This version knows durable queues only; an option that it does
// not know is refused rather than ignored, so that no promise is made silently that nobody keeps.
import { HoldfastError } from '@holdfast/errors'
import type { Options } from './metadata-command.ts'
import { reservedPrefix } from './names.ts'

/** @throws OPTION_UNKNOWN, OPTION_INVALID */
export function checkQueueOptions(options: Options): void {
  for (const option of Object.keys(options).sort()) {
    if (option !== 'durable') throw new HoldfastError('OPTION_UNKNOWN', { option, kind: 'queue' })
    if (options[option] === true) continue
    const reason = 'only durable queues exist, so it must be true'
    throw new HoldfastError('OPTION_INVALID', { option, kind: 'queue', reason })
  }
}

/** For a queue that does not exist yet. @throws NAME_INVALID */
export function checkQueueName(name: string): void {
  if (!name.startsWith(reservedPrefix)) return
  const reason = `names that begin with '${reservedPrefix}' are reserved`
  throw new HoldfastError('NAME_INVALID', { kind: 'queue', reason })
}
