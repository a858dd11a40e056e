// The guards of logs and commit indexes accept the actions of the specification, and find each step
// that is none of them.
import { blankState, Raft, type SnapshotMeta } from '@holdfast/raft'
import t from 'tap'
import { guardBeginInstall, guardCommit, guardLog } from '../../src/refinement/log-guards.ts'
import type { AppendFacts, Step } from '../../src/refinement/step.ts'
import {
  appendRequest,
  config,
  heard,
  id,
  type Judged,
  joint,
  judge,
  step,
  three
} from './sample-steps.ts'

const verdictOn = (made: Step): Judged => judge(made, guardLog, guardCommit)
const leader = { role: 'leader', vote: 1 } as const
const facts = (changes: Partial<AppendFacts> = {}): AppendFacts => {
  return { isPreviousKnown: true, conflict: null, fresh: 6, ...changes }
}
const meta: SnapshotMeta = { id: id(9, 2), configuration: three, manifest: new Uint8Array(0) }
const afterInstall = { firstIndex: 10, last: id(9, 2), commit: 9, applied: 9 }
const two = heard(appendRequest(id(5, 2), [2, 2]), facts())
const replaced = heard(appendRequest(id(3, 2), [3], { term: 3 }), facts({ conflict: 4, fresh: 4 }))
const sixth = { log: [1, 1, 2, 2, 2, 2] }

const good: Readonly<Record<string, Step>> = {
  'a leader makes an entry': step({
    before: leader,
    cause: { type: 'propose' },
    after: { last: id(6, 2) },
    ...sixth
  }),
  'a leader changes the configuration': step({
    before: { ...leader, commit: 5 },
    cause: { type: 'configure' },
    after: { last: id(6, 2), configuration: joint },
    ...sixth
  }),
  'entries come': step({ cause: two, after: { last: id(7, 2) }, log: [1, 1, 2, 2, 2, 2, 2] }),
  'entries of an older leader go': step({
    before: { term: 3 },
    cause: replaced,
    after: { last: id(4, 3) },
    log: [1, 1, 2, 3]
  }),
  'a quorum has it': step({ before: leader, after: { commit: 5 }, matchIndex: { 3: 5 } }),
  'the leader says it is committed': step({
    cause: heard(appendRequest(id(5, 2), [], { commit: 4 }), facts({ fresh: null })),
    after: { commit: 4 }
  }),
  'a heartbeat says so': step({
    cause: heard({ type: 'heartbeat-request', from: 2, to: 1, term: 2, commit: 5, round: 1 }),
    after: { commit: 5 }
  }),
  'a snapshot is installed': step({ cause: { type: 'installed', meta }, after: afterInstall }),
  'a log is compacted': step({
    cause: { type: 'compact', firstIndex: 3 },
    after: { firstIndex: 3 }
  })
}

const bad: Readonly<Record<string, readonly [string, Step]>> = {
  'a follower makes an entry': ['changes out of', step({ after: { last: id(6, 2) }, ...sixth })],
  'a leader makes two at once': [
    'the log of a leader goes',
    step({ before: leader, cause: { type: 'propose' }, after: { last: id(7, 2) } })
  ],
  'a leader makes an old entry': [
    'an entry of another term',
    step({
      before: { ...leader, term: 4 },
      cause: { type: 'propose' },
      after: { last: id(6, 2) },
      ...sixth
    })
  ],
  'a leader overwrites': [
    'overwrites',
    step({
      before: leader,
      cause: { type: 'propose' },
      after: { last: id(6, 2) },
      log: [1, 1, 2, 2, 1, 2]
    })
  ],
  'a leader makes an entry of a tick': [
    'makes an entry out of tick',
    step({ before: leader, after: { last: id(6, 2) }, ...sixth })
  ],
  'a change before the no-op': [
    'before the no-op',
    step({
      before: { ...leader, term: 3 },
      cause: { type: 'configure' },
      after: { last: id(6, 3), configuration: joint },
      log: [1, 1, 2, 2, 2, 3]
    })
  ],
  'entries while a snapshot replaces the log': [
    'while a snapshot replaces it',
    step({
      cause: two,
      after: { last: id(7, 2) },
      log: [1, 1, 2, 2, 2, 2, 2],
      isInstalling: true
    })
  ],
  'an unknown entry before': [
    'the one before is missing',
    step({
      cause: heard(appendRequest(id(5, 2), [2]), facts({ isPreviousKnown: false })),
      after: { last: id(6, 2) },
      ...sixth
    })
  ],
  'shortened by a late request': [
    'shortened without a conflict',
    step({
      cause: heard(appendRequest(id(2, 1), [2]), facts({ fresh: 3 })),
      after: { last: id(3, 2) },
      log: [1, 1, 2]
    })
  ],
  'shortened by what was there': [
    'all of it was there',
    step({
      cause: heard(appendRequest(id(3, 2), [2]), facts({ fresh: null })),
      after: { last: id(4, 2) },
      log: [1, 1, 2, 2]
    })
  ],
  'a committed entry is replaced': [
    'a committed entry',
    step({
      before: { term: 3 },
      cause: heard(appendRequest(id(2, 1), [3], { term: 3 }), facts({ conflict: 3, fresh: 3 })),
      after: { last: id(3, 3) },
      log: [1, 1, 3]
    })
  ],
  'an entry is skipped': [
    'the log ends at',
    step({ cause: two, after: { last: id(6, 2) }, ...sixth })
  ],
  'another entry than was sent': [
    "is not the leader's",
    step({ cause: two, after: { last: id(7, 2) }, log: [1, 1, 2, 2, 2, 1, 2] })
  ],
  'entries of another term': [
    'another term than the own',
    step({ before: { term: 3 }, cause: two, after: { last: id(7, 2) } })
  ],
  'a suffix stays behind a snapshot': [
    'something of the old log',
    step({ cause: { type: 'installed', meta }, after: { ...afterInstall, last: id(12, 2) } })
  ],
  'a stale snapshot': [
    'of what is committed here',
    step({ before: { commit: 9 }, cause: { type: 'installed', meta }, after: afterInstall })
  ],
  'a snapshot that is not applied': [
    'installed and not applied',
    step({ cause: { type: 'installed', meta }, after: { ...afterInstall, applied: 3 } })
  ],
  'a log that forgets by itself': ['the log begins at', step({ after: { firstIndex: 3 } })],
  'a commit that falls': ['the commit index falls', step({ after: { commit: 2 } })],
  'a commit beyond the log': [
    'beyond the log',
    step({
      cause: heard({ type: 'heartbeat-request', from: 2, to: 1, term: 2, commit: 9, round: 1 }),
      after: { commit: 9 }
    })
  ],
  'a commit without a quorum': [
    'which no quorum has',
    step({ before: leader, after: { commit: 5 }, matchIndex: { 2: 4, 3: 4 } })
  ],
  'a commit before the own disk': [
    'which no quorum has',
    step({
      before: { ...leader, durable: 4 },
      after: { commit: 5 },
      matchIndex: { 2: 5 }
    })
  ],
  'a commit of one majority': [
    'which no quorum has',
    step({
      before: { ...leader, configuration: joint },
      after: { commit: 5 },
      matchIndex: { 2: 5, 3: 5 }
    })
  ],
  'a learner is counted': [
    'which no quorum has',
    step({ before: leader, after: { commit: 5 }, matchIndex: { 7: 5 } })
  ],
  'an old entry by counting (figure 8)': [
    'of an older term by counting',
    step({
      before: { ...leader, term: 4 },
      after: { commit: 5 },
      matchIndex: { 2: 5, 3: 5 }
    })
  ],
  'a commit of what is not validated': [
    'is validated',
    step({
      cause: heard(appendRequest(id(3, 2), [2], { commit: 5 }), facts({ fresh: null })),
      after: { commit: 5 }
    })
  ],
  'a commit out of a tick': ['a commit index out of tick', step({ after: { commit: 4 } })],
  'more than a heartbeat said': [
    'more than the leader said',
    step({
      cause: heard({ type: 'heartbeat-request', from: 2, to: 1, term: 2, commit: 4, round: 1 }),
      after: { commit: 5 }
    })
  ]
}

t.test('what the specification allows is accepted', async (t) => {
  for (const [name, made] of Object.entries(good)) t.same(verdictOn(made).wrong, [], name)
})

t.test('what it does not allow is found', async (t) => {
  for (const [name, [sentence, made]] of Object.entries(bad)) {
    const { wrong } = verdictOn(made)
    t.ok(
      wrong.some((each) => each.includes(sentence)),
      `${name}: ${wrong.join('; ')}`
    )
  }
})

t.test('only a follower that lacks what the snapshot stands for gives up its log', async (t) => {
  const configuration = three
  const entries = [1, 1, 2, 2, 2].map((term, at) => {
    return { index: at + 1, term, type: 'command', data: new Uint8Array(0) } as const
  })
  const terms = [
    { firstIndex: 1, term: 1 },
    { firstIndex: 3, term: 2 }
  ]
  const hardState = { term: 2, vote: null, commit: 3 }
  const log = { entries, terms, lastIndex: 5, hardState, configuration }
  const raft = new Raft(config, { ...blankState(), ...log })
  const wrongAbout = (index: number, term: number): string[] => {
    const wrong: string[] = []
    const verdict = { found: () => undefined, wrong: (text: string) => void wrong.push(text) }
    guardBeginInstall(raft, { ...meta, id: id(index, term) }, verdict)
    return wrong
  }
  t.same(wrongAbout(9, 2), [])
  t.same(wrongAbout(4, 3), [], 'it has another entry there')
  t.match(wrongAbout(4, 2), [/reaches 5 and is replaced up to 4/])
  t.match(wrongAbout(3, 2), [/reaches 5/])
  for (let tick = 0; tick < 40; tick++) raft.tick()
  t.match(wrongAbout(9, 2), [/a pre-candidate replaces its log/])
})
