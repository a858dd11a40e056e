// The public names of @holdfast/cluster.

export {
  type AccessCommand,
  guest,
  type HashAlgorithm,
  hashAlgorithms,
  type PasswordHash,
  scryptCost,
  type UserLimit,
  type VhostLimit
} from '@holdfast/broker'
export { type Need, needs, type Resource, type Right } from './access/needs.ts'
export type {
  Audit,
  AuditedReplica,
  MetadataApplied,
  RoutingLease,
  SectionAnswer,
  ShardApplied
} from './audit.ts'
export type { Bootstrap, MemberOptions } from './core.ts'
export { DamagedMember } from './damaged-member.ts'
export { type Damage, type DamagedGroup, isExpendable, knownPeers } from './expendable.ts'
export type { Input, Lane, PeerHello, ProbeFailure } from './input.ts'
export { defaultTuning } from './limits.ts'
export { liveMessages } from './live-messages.ts'
export type {
  Blob,
  BlobWrite,
  CommitRecord,
  GroupId,
  GroupWrite,
  IndexRange,
  InstallWrite,
  LogStore,
  NodeIdentity,
  OfferedSnapshot,
  ReadResult,
  Recovered,
  RecoveredGroup,
  RepairWrite,
  RetainedEntry,
  SnapshotWrite,
  StageWrite
} from './log-store.ts'
export { blankConfiguration, commitRecord } from './log-store.ts'
export { Member } from './member.ts'
export type { DeliveryMemory, NodeMemory, ShardMemory } from './memory.ts'
export type { AdoptOffer, Chunks, Output } from './output.ts'
export {
  type PeerFrame,
  peerVersion,
  readPeerFrame,
  startFrame,
  writePeerMessage
} from './peers/peer-codec.ts'
export type { ClientProtocol } from './sessions/session.ts'
export type {
  AccessStatus,
  AdminPort,
  AdminReply,
  AdminRequest,
  ClusterStatus,
  Gone,
  GroupStatus,
  Identity,
  MachineHash,
  MemberCounters,
  NodeState,
  NodeStatus,
  OperationStatus,
  QueueStatus,
  UserStatus,
  VhostStatus
} from './status.ts'
