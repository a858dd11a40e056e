// The public names of @holdfast/server.

export { type AdminAnswer, AdminClient, type AdminTls } from './admin-client.ts'
export { composeNode, recoverData } from './compose.ts'
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
export {
  DevelopmentCluster,
  type DevelopmentOptions,
  engineFlags
} from './development/development-cluster.ts'
export { developmentNodesMax } from './development/layout.ts'
export { formatTable, jsonReport, peopleReport, type Report } from './development/report.ts'
export { runServer } from './main.ts'
export { startNode } from './node-host.ts'
export type {
  Addresses,
  Ending,
  NodeParts,
  RunningNode
} from './node-parts.ts'
export { exitCodes, type ProcessPort } from './shutdown.ts'
export { version } from './version.ts'
