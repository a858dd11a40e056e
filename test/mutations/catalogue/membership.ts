// Mutations of membership, leases and the fence (failure modes 38, 39, 43, 45, 55, 56).
import type { Mutation } from '../mutation.ts'

const membership = 'packages/raft/src/membership.ts'
const lease = 'packages/cluster/src/metadata/lease.ts'
const oldCopies = ['packages/raft/dist/test/old-copy.test.js']
const catches = 'simulator'

export const membershipMutations: readonly Mutation[] = [
  {
    name: 'half-of-the-voters-is-a-live-majority',
    failureMode: 51,
    file: 'packages/cluster/src/membership/reconciler.ts',
    find: '    return live.length > voters.length / 2\n',
    replace: '    return live.length >= voters.length / 2\n',
    catches: 'simulator'
  },
  {
    name: 'change-before-the-no-op',
    failureMode: 38,
    file: membership,
    find: 'if (!isNoopCommitted(state) || isChanging(state) || ',
    replace: 'if (isChanging(state) || ',
    catches
  },
  {
    name: 'two-changes-in-flight',
    failureMode: 39,
    file: membership,
    find: 'if (!isNoopCommitted(state) || isChanging(state) || ',
    replace: 'if (!isNoopCommitted(state) || ',
    catches
  },
  {
    name: 'joint-left-before-it-is-committed',
    failureMode: 39,
    file: membership,
    find: 'if (index > state.commitIndex || !isNoopCommitted(state) || ',
    replace:
      'if (!isJoint(configuration) && index > state.commitIndex) return\n' +
      '  if (!isNoopCommitted(state) || ',
    catches
  },
  {
    name: 'voters-change-in-one-step',
    failureMode: 40,
    file: membership,
    find: 'const outgoing = sameReplicas(current.voters, voters) ? [] : current.voters',
    replace: 'const outgoing: readonly ReplicaId[] = []',
    catches
  },
  {
    name: 'blank-disk-under-its-old-id',
    failureMode: 45,
    file: 'packages/broker/src/membership-state.ts',
    find: 'const incarnation = former.incarnation + 1\n',
    replace: 'const incarnation = former.incarnation\n',
    catches
  },
  {
    name: 'replica-left-on-an-old-report',
    failureMode: 55,
    file: 'packages/cluster/src/membership/leaving.ts',
    find: 'if (heard === null || heard.atMs < group.heardMs + times.dismissedMs) return null',
    replace: 'if (heard === null) return null',
    also: [
      {
        file: 'packages/cluster/src/membership/leaving.ts',
        find: ' || term < raft.term || commit < raft.commitIndex',
        replace: ''
      }
    ],
    catches
  },
  {
    name: 'outbox-forgets-what-is-open',
    failureMode: 56,
    file: 'packages/broker/src/outbox.ts',
    find: 'const kept = list.findIndex(({ cursor }) => cursor > upTo)',
    replace: 'const kept = -1',
    catches
  },
  {
    name: 'change-answered-before-the-shard-has-it',
    failureMode: 56,
    file: 'packages/cluster/src/metadata/metadata.ts',
    find:
      'index <= inForce && ' +
      '(shard === null || topologyDriver.hasTaken(shard.group, shard.cursor))',
    replace: 'index <= inForce',
    catches
  },
  {
    name: 'routing-without-a-lease',
    failureMode: 18,
    file: 'packages/cluster/src/publishing/gateway.ts',
    find: "if (!this.isOpen || (exchange !== '' && !lease.isValid)) return { type: 'wait' }",
    replace: "if (!this.isOpen) return { type: 'wait' }",
    catches
  },
  {
    name: 'change-answered-before-it-is-in-force',
    failureMode: 18,
    file: lease,
    find: 'if (untilMs > clock.nowMs) index = Math.min(index, applied)',
    replace: 'if (untilMs > clock.nowMs + applied) index = applied',
    catches
  },
  {
    name: 'lease-for-whoever-is-behind',
    failureMode: 18,
    file: lease,
    find: 'if (this.#leads && holder.applied >= neededIndex) {',
    replace: 'if (this.#leads) {',
    catches
  },
  {
    name: 'who-does-not-come-on-gets-leases',
    failureMode: 61,
    file: lease,
    find: 'Math.max(this.#answeredIndex, metadata.waitingFor(times.leaseMs))',
    replace: 'this.#answeredIndex',
    catches: ['packages/cluster/dist/test/metadata/lease.test.js']
  },
  {
    name: 'holders-of-an-earlier-term-are-known',
    failureMode: 61,
    file: lease,
    find: '    this.#holders.clear()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/metadata/lease.test.js']
  },
  {
    name: 'who-leaves-learns-no-metadata',
    failureMode: 61,
    file: 'packages/cluster/src/membership/reconciler.ts',
    find: "state !== 'leaving' || isOfShard(node)",
    replace: "state !== 'leaving'",
    catches: ['packages/cluster/dist/test/membership/operations.test.js']
  },
  {
    name: 'nowhere-without-the-fence',
    failureMode: 61,
    file: 'packages/cluster/src/sessions/held-publishes.ts',
    find: "      case 'nowhere':\n        if (!isFenced) return this.#fence()\n",
    replace: "      case 'nowhere':\n",
    catches
  },
  {
    name: 'fence-vouches-for-what-comes-later',
    failureMode: 61,
    file: 'packages/cluster/src/sessions/held-publishes.ts',
    find: 'const vouched = [...this.#held]',
    replace: 'const vouched = this.#held',
    catches
  },
  {
    name: 'fence-does-not-wait-for-the-machine',
    failureMode: 20,
    file: 'packages/cluster/src/metadata/fence.ts',
    find: 'if (this.#core.metadata.appliedIndex >= this.#index) this.#end(true)',
    replace: 'this.#end(true)',
    catches
  },
  {
    name: 'removed-leader-stays',
    failureMode: null,
    file: membership,
    find:
      '  } else if (!configuration.voters.includes(state.id)) {\n' +
      '    handOver(state, configuration)\n',
    replace: '',
    catches
  },
  {
    name: 'holder-of-a-lease-never-falls-back',
    failureMode: 18,
    file: lease,
    find: '    holder.applied = applied\n',
    replace: '    holder.applied = Math.max(applied, holder.applied)\n',
    catches
  },
  {
    name: 'learner-votes-before-it-has-caught-up',
    failureMode: 42,
    file: 'packages/cluster/src/membership/reconciler.ts',
    find: 'report.learners.includes(replica) && caughtUp.includes(replica)',
    replace: 'report.learners.includes(replica) || caughtUp.includes(replica)',
    catches
  },
  {
    name: 'leaders-are-not-levelled',
    failureMode: 57,
    file: 'packages/cluster/src/consensus/leader-balance.ts',
    find: 'const [from, most] = byCount.at(-1) ?? [0, []]',
    replace: 'const [from, most] = byCount.at(0) ?? [0, []]',
    catches
  },
  {
    name: 'log-older-than-its-group-is-led',
    failureMode: 46,
    file: 'packages/raft/src/dispatch.ts',
    find: '  if (isFromLeader(message)) assertNotOutlived(state)\n',
    replace: '',
    catches: oldCopies
  },
  {
    name: 'leadership-for-who-does-not-answer',
    failureMode: 46,
    file: 'packages/raft/src/transfer.ts',
    find: '  if (!isReplicating(state, to)) return false\n',
    replace: '',
    catches: oldCopies
  },
  {
    name: 'heartbeat-commits-a-log-that-is-too-short',
    failureMode: 46,
    file: 'packages/raft/src/follower.ts',
    find: 'if (message.commit <= state.log.lastIndex) commitTo(state, message.commit)',
    replace: 'commitTo(state, Math.min(message.commit, state.log.lastIndex))',
    catches: oldCopies
  },
  {
    name: 'change-waits-for-a-shard-without-end',
    failureMode: 66,
    file: 'packages/cluster/src/metadata/metadata.ts',
    find: '    this.#giveUp()\n',
    replace: '',
    catches: ['packages/cluster/dist/test/metadata/metadata.test.js']
  }
]
