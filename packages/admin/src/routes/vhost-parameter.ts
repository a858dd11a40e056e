// The vhost in a path: how it is described, and how it is read.
import { readName } from '../request-fields.ts'
import { type Call, type Parameter, parameter } from '../route.ts'

export const vhostParameter: Parameter = {
  name: 'vhost',
  in: 'path',
  description: 'Name of the vhost, percent-encoded: `/` is `%2F`.',
  schema: { type: 'string', minLength: 1 }
}

/** @throws NAME_INVALID */
export function readVhost(call: Call): string {
  return readName(parameter(call, 'vhost'), 'vhost')
}
