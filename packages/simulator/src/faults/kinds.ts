// Every kind of fault there is, by name, and what it does. A campaign counts each.

/** What goes on all the time where a seed has it. */
export const conditionKinds = {
  'frame-delay': 'what is sent takes ten times as long as usual, or longer',
  'frame-loss': 'a Raft frame is lost without the link breaking',
  'frame-duplicate': 'a Raft frame arrives twice, the second time up to half a second later',
  'frame-reorder': 'a Raft frame overtakes those before it',
  'late-frame': 'a frame of a broken link arrives after its sender has another, or is another',
  'write-slow': 'a synced write takes up to a second',
  'write-lost': 'the write under way at a crash is lost',
  'write-torn': 'the write under way at a crash is torn, and void at the next start',
  'write-kept': 'the write under way at a crash is on the disk, though nobody was told',
  'read-damaged': 'a read finds a flipped bit; the next one does not',
  'read-failed': 'a read fails with an I/O error',
  'clock-skew': 'the wall clock of a node is off by up to five minutes',
  'clock-drift': 'the clocks of a node run up to four per cent fast or slow',
  'time-lapse': 'all wall clocks go on by some minutes, while a publisher waits for an answer',
  'malformed-bytes': 'a stranger sends what is no frame, or a frame with flipped bits',
  elsewhere: 'a client connects to another node than before'
} as const

/** What befalls at a moment: `weight` against the others, and how long it lasts. */
export const faultKinds = {
  'link-reset': { weight: 3, says: 'some links between nodes break, once or again and again' },
  'path-slow': { weight: 2, says: 'a path delays what it carries by up to 200 ms' },
  'path-clog': { weight: 2, says: 'a path carries nothing for up to 5 s, then everything' },
  'raft-clog': {
    weight: 3,
    says: 'the Raft lanes to a host carry nothing for up to 2 s, then everything'
  },
  'path-narrow': { weight: 1, says: 'the paths of a node carry 20 to 200 KB a second' },
  'partition-half': { weight: 2, says: 'the hosts are parted in two halves' },
  'partition-uniform': { weight: 2, says: 'each host is on either side' },
  'partition-isolate': { weight: 3, says: 'a host is cut off from the others' },
  'partition-pair': { weight: 3, says: 'two hosts are cut off from each other alone' },
  'partition-leader': {
    weight: 3,
    says: 'a host hears the leader of the metadata no more, and has no lease; another leads awhile'
  },
  'partition-one-way': {
    weight: 3,
    says: 'a host hears the others, who do not hear it, or reverse'
  },
  'partition-bridge': { weight: 2, says: 'two parts that only one host can reach both of' },
  'partition-flapping': { weight: 1, says: 'a host is cut off and back, again and again' },
  'client-reset': { weight: 2, says: 'connections of clients to a host are reset' },
  'client-cut': { weight: 2, says: 'a host is silent for clients' },
  'disk-slow': { weight: 2, says: 'a disk takes up to twenty times as long' },
  'disk-stall': { weight: 2, says: 'a disk completes nothing for up to 30 s' },
  'write-error': { weight: 2, says: 'a write fails; the process ends, the record is there or not' },
  'disk-full': { weight: 1, says: 'all writes fail for a while' },
  'disk-low': { weight: 1, says: 'little space is left, and is measured' },
  'entry-rot': { weight: 2, says: 'stored entries are damaged for good' },
  'blob-rot': { weight: 1, says: 'a part of a stored snapshot is damaged for good' },
  'disk-loss': { weight: 2, says: 'a disk is lost with all that is on it' },
  'disk-old-copy': { weight: 1, says: 'a disk is found to be an earlier copy, and is set aside' },
  'log-hole': { weight: 1, says: 'a hole in the log is found at the next start' },
  crash: { weight: 6, says: 'a process is killed' },
  'crash-all': { weight: 1, says: 'the power fails everywhere' },
  'crash-at-write': { weight: 2, says: 'a process dies as it begins to write' },
  'crash-after-write': {
    weight: 2,
    says: 'a process dies when its write is done, before it knows'
  },
  'crash-between-outputs': { weight: 2, says: 'a process dies with half of a step carried out' },
  'crash-twice': { weight: 1, says: 'a process dies again as soon as it is back' },
  pause: { weight: 4, says: 'a process stops for up to 3 s' },
  'pause-long': { weight: 1, says: 'a process stops for up to 60 s' },
  'slow-processor': { weight: 2, says: 'each step of a process comes up to 150 ms late' },
  drain: { weight: 1, says: 'a process is asked to end, and started again' },
  'host-loss': { weight: 1, says: 'a host is gone for good; another takes its place' },
  'clock-jump': { weight: 2, says: 'a wall clock jumps by up to 10 min' },
  'clock-year': { weight: 1, says: 'a wall clock jumps by a year' },
  'clock-freeze': { weight: 1, says: 'a wall clock stands still' },
  transfer: { weight: 4, says: 'an operator moves the leadership of a group' },
  'node-add': { weight: 2, says: 'a node joins' },
  'node-remove': { weight: 2, says: 'a node leaves' },
  'changes-at-once': { weight: 1, says: 'two operators change the members at once' },
  'publisher-crash': { weight: 2, says: 'a publisher dies, and another takes its place' },
  'consumer-crash': { weight: 2, says: 'a consumer dies with what it holds' },
  'consumer-slow': { weight: 1, says: 'a consumer takes ten times as long' },
  'hang-up': { weight: 2, says: 'a client hangs up and connects again' }
} as const

export type ConditionKind = keyof typeof conditionKinds
export type FaultKind = keyof typeof faultKinds
export type AnyKind = ConditionKind | FaultKind
