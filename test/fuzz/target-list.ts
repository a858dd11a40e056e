// Every target by name. Each is loaded when it is wanted, so that a campaign holds and measures
// nothing but the code that its target reaches.
import type { Target } from './target.ts'

type Loader = () => Promise<{ readonly target: Target }>

const loaders: Readonly<Record<string, Loader>> = {
  'client-frame': () => import('./targets/client-frame.ts'),
  'server-frame': () => import('./targets/server-frame.ts'),
  'server-connection': () => import('./targets/server-connection.ts'),
  'client-connection': () => import('./targets/client-connection.ts'),
  'amqp-method': () => import('./targets/amqp-method.ts'),
  'amqp-connection': () => import('./targets/amqp-connection.ts'),
  'amqp-session': () => import('./targets/amqp-session.ts'),
  record: () => import('./targets/record.ts'),
  'peer-stream': () => import('./targets/peer-stream.ts'),
  'peer-handshake': () => import('./targets/peer-handshake.ts'),
  'peer-frame': () => import('./targets/peer-frame.ts'),
  'shard-section': () => import('./targets/shard-section.ts'),
  'shard-machine': () => import('./targets/shard-machine.ts'),
  'shard-snapshot': () => import('./targets/shard-snapshot.ts'),
  'metadata-command': () => import('./targets/metadata-command.ts'),
  'metadata-machine': () => import('./targets/metadata-machine.ts'),
  'metadata-snapshot': () => import('./targets/metadata-snapshot.ts'),
  'commit-record': () => import('./targets/commit-record.ts'),
  checkpoint: () => import('./targets/checkpoint.ts'),
  'leveldb-log': () => import('./targets/leveldb-log.ts'),
  'leveldb-manifest': () => import('./targets/leveldb-manifest.ts'),
  'leveldb-table': () => import('./targets/leveldb-table.ts'),
  websocket: () => import('./targets/websocket.ts'),
  'http-request': () => import('./targets/http-request.ts'),
  configuration: () => import('./targets/configuration.ts')
}

export const targetNames: readonly string[] = Object.keys(loaders)

/** @throws RangeError for a name that is none */
export async function loadTarget(name: string): Promise<Target> {
  const loader = loaders[name]
  if (loader === undefined) throw new RangeError(`no target is called '${name}'`)
  return (await loader()).target
}
