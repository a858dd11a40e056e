// The public names of @holdfast/server/terminal: what a person at a terminal needs who runs no node
// in the same process. A node is most of our code, and to load it takes longer than most commands.

export { type AdminAnswer, AdminClient, type AdminTls } from './admin-client.ts'
export {
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
export { exitCodes } from './shutdown.ts'
export { version } from './version.ts'
