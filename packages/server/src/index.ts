// The public names of @holdfast/server: a node. Those of its terminal are in terminal.ts.

export { composeNode, recoverData } from './compose.ts'
export { type ConfigurationSources, loadConfiguration, type RawSettings } from './config.ts'
export { type Configuration, configurationPage } from './config-schema.ts'
export { runServer } from './main.ts'
export { startNode } from './node-host.ts'
export type {
  Addresses,
  Ending,
  NodeParts,
  RunningNode
} from './node-parts.ts'
export type { ProcessPort } from './shutdown.ts'
