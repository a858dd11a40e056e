// The public names of @holdfast/raft.
export { bootstrapState } from './bootstrap.ts'
export type { RaftConfig, RaftInitialState } from './config.ts'
export { emptyConfiguration, isJoint, isVoter, members } from './configuration.ts'
export { decodeConfiguration, encodeConfiguration } from './configuration-codec.ts'
export { describeConfiguration, describeId, describeMessage } from './describe.ts'
export type {
  Configuration,
  Entry,
  EntryId,
  EntryType,
  HardState,
  ReplicaId,
  SnapshotMeta,
  TermRun
} from './entry.ts'
export { type LogDigest, LogDigests } from './log-digest.ts'
export type { ConfigurationTarget } from './membership.ts'
export type {
  AppendRequest,
  AppendResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  Message,
  ReadIndexRequest,
  ReadIndexResponse,
  SnapshotRequest,
  TimeoutNow,
  VoteRequest,
  VoteResponse
} from './message.ts'
export type { ProgressState } from './progress.ts'
export { isQuorum } from './quorum.ts'
export { Raft } from './raft.ts'
export type { LoadRequest, Ready } from './ready.ts'
export { blankState, type Role } from './state.ts'
export type { ProgressStatus } from './status.ts'
