// The public names of @holdfast/server.
export { composeNode } from './compose.ts'
export { type ConfigurationSources, loadConfiguration, type RawSettings } from './config.ts'
export {
  type Configuration,
  configurationPage,
  describeType,
  environmentVariableOf,
  flagOf,
  type Setting,
  schema
} from './config-schema.ts'
export { runServer } from './main.ts'
export {
  type Addresses,
  type Ending,
  type NodeParts,
  type RunningNode,
  startNode
} from './node.ts'
export { exitCodes, type ProcessPort } from './shutdown.ts'
export { version } from './version.ts'
