// The public names of @holdfast/testkit: what tests, benchmarks and the chaos test share.
export {
  AdminClient,
  AdminError,
  type ClusterView,
  type GroupView,
  isNodeReady,
  type Method,
  type OperationView,
  type QueueView
} from './admin-client.ts'
export { provisionalId } from './admit.ts'
export {
  CertificateAuthority,
  type CertificateFiles,
  type CertificateWishes,
  replaceFile
} from './certificates.ts'
export {
  type ClusterOptions,
  ClusterProcess,
  defaultCli,
  repositoryRoot
} from './cluster-process.ts'
export {
  argumentOf,
  parseScript,
  runScript,
  runScriptText,
  type ScriptArgument,
  type ScriptBlock,
  type ScriptMismatch,
  type ScriptOutcome
} from './datadriven.ts'
export { type EventuallyOptions, eventually, WaitError, within } from './eventually.ts'
export { findPortOffset, isPortFree, type NodePorts, portsOfNode } from './free-ports.ts'
export { LineSplitter, lineBytesMax, readJsonLines } from './json-lines.ts'
export { LedgerFile } from './ledger-file.ts'
export { fieldsOf } from './line-fields.ts'
export type { NodeSite } from './node-site.ts'
export { disownProcess, isOwnedAlive, ownProcess, signalOwned } from './owned-processes.ts'
export {
  anonymousBytes,
  identifyProcess,
  isProcessAlive,
  machineBusySeconds,
  type ProcessIdentity,
  processorSeconds,
  UsageMeter,
  type UsageSpan
} from './process-usage.ts'
export { chooseSeed, hashText, mix, Random } from './random.ts'
export type { ClusterNode } from './ready-line.ts'
export {
  codeOf,
  connectionLost,
  defaultSdk,
  loadSdk,
  type SdkConnect,
  type SdkConnection,
  type SdkConnectOptions,
  type SdkConsumer,
  type SdkDelivery,
  type SdkPublishOptions,
  type SdkStatus,
  type SdkTls
} from './sdk.ts'
export {
  makeTemporaryDirectory,
  removeDirectory,
  type Teardown,
  temporaryDirectory
} from './temporary-directory.ts'
