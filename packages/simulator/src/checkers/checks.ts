// The names of everything that is checked while a simulated cluster runs, and what each says. A
// checker does not throw: what it finds goes to whoever runs it, by name, so that a run tells which
// promise was broken and not only that one was.

/** By name: the sentence that must be true. */
export const checks = {
  'raft-refinement': 'a step of a replica is an action of the specification, or changes nothing',
  'election-safety': 'a term has one leader',
  'one-vote': 'a replica votes once in a term',
  'nothing-invented': 'what reaches a replica was said, word by word',
  'flipped-bits': 'a log that differs by a bit has another digest',
  'grown-numbers': 'what is said would be read as it was, were its numbers those of an old cluster',
  'leader-append-only': 'a leader appends to its log and never overwrites it',
  'log-matching': 'entries of one index and term are the same, and follow the same entry',
  'leader-completeness': 'a new leader has every entry that was committed before its term',
  'state-machine-safety': 'replicas agree on what is committed at an index',
  monotonic: 'terms, commit indexes, applied indexes, marks and offsets never go back',
  'persist-before-speak': 'what a message rests on is durable before the message leaves',
  'durable-truth':
    'a disk forgets no vote, and has no entry before its term, no commit before its entry',
  'quorum-overlap': 'a quorum of a configuration meets every quorum of the next',
  'caught-up': 'who is made a voter has what was committed when it began to learn',
  'one-change': 'a configuration is proposed when the one before it is committed',
  'live-retained': 'the entry of every live message is on the disk of each replica that has it',
  'dead-freed': 'an old entry that a snapshot leaves on the disk has a live message',
  'one-identity': 'a node and its incarnation are the name of one data directory',
  'machine-agreement': 'machines that applied the same entries are equal',
  'reference-queue': 'a shard does what the plain model of it does',
  'reference-metadata': 'the metadata does what the plain model of it does',
  'stored-once': 'a queue gets what was published once, once',
  'dispatch-mark': 'no offset above the dispatch mark is handed out',
  priority: 'a queue with priorities hands out the highest that is reserved, the oldest first',
  'returned-first': 'what came back to a leader is handed out before what lies behind it',
  reserved: 'a queue that reserves hands out what the log has reserved, and nothing else',
  'true-attempt': 'a message that is handed out is live, and told with its attempt and count',
  'one-holder': 'a message is not handed out twice for one attempt',
  'kept-deliveries': 'what a client holds is not put back: who opens a queue has heard of all',
  'counted-returns': 'a message is counted as back no more often than it was handed out',
  'in-time': 'a message is not handed out when its time in the log has passed',
  'single-active': 'where one consumer is active at a time, nobody else is given anything',
  'linearizable-read': 'a read sees what was committed anywhere before it was asked',
  lease: 'who hands out messages is the latest leader',
  'replaced-as-a-whole': 'what transactions replace is there once, the old one or the new one',
  'confirm-after-commit': 'what a client sees confirmed is applied in each of its queues',
  'answer-of-log': 'a gateway has of a section what its answer says, and the log made of it',
  'dead-letter-arrives': 'a dead letter leaves its queue when it is where that sends it',
  'settled-by-client': 'what ends a message was asked for by who had it',
  'delivered-from-log': 'what is delivered at an offset is what the log put there',
  'settle-after-commit': 'what a client sees settled is settled in the log',
  'route-in-force': 'who may route by a lease has applied every change that was answered anywhere',
  'routing-lease': 'who routes under a lease is counted on by the leader for as long',
  'whole-memory': 'what a leader has in memory fits together, and it will know of what is due',
  'change-in-force': 'a queue that is declared or deleted is so in its shard'
} as const

export type Check = keyof typeof checks

/** Takes what a checker found. `detail` says where and what, for people. */
export type Report = (check: Check, detail: string) => void

/** Bounded: one broken promise breaks others, and the first tells most. */
const findingsMax = 20

/** Passes on the first findings of a run. */
export function firstOf(report: Report): Report {
  let findings = 0
  return (check, detail) => {
    findings += 1
    if (findings <= findingsMax) report(check, detail)
  }
}
