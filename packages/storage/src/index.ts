// The public names of @holdfast/storage: the store of one node on LevelDB, and what surrounds it.
export { type Checksum, zlibChecksum } from './checksum.ts'
export { LevelStore } from './level-store.ts'
export { type StoreTuning, storageLimits } from './limits.ts'
export { type Log, type LogLevel, openStore, type StoreOptions } from './open-store.ts'
export { quarantine } from './quarantine.ts'
export { type FreeSpace, freeSpace } from './reserve.ts'
