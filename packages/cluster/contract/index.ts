// The contract suites of the ports of @holdfast/cluster, and their reference implementations. For
// tests and simulations only: these need tap and Node, the package itself needs neither.
export { checkLogStore } from './log-store.ts'
export {
  commitRecord,
  configuration,
  describeResults,
  entryAt,
  type MakeDisk,
  type StoreDisk,
  snapshotAt
} from './log-store-fixture.ts'
export { MemoryDisk } from './memory-disk.ts'
export { MemoryStore } from './memory-store.ts'
