// The public names of @holdfast/raft.
export type { RaftConfig, RaftInitialState } from './config.ts'
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
export type { LoadRequest, Ready } from './ready.ts'
