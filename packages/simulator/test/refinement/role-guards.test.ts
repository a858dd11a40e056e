// The guards of terms, votes and roles accept the actions of the specification, and find each step
// that is none of them.
import t from 'tap'
import { guardFloor, guardRole, guardTerm, guardVote } from '../../src/refinement/role-guards.ts'
import type { Step } from '../../src/refinement/step.ts'
import {
  appendRequest,
  heard,
  id,
  type Judged,
  joint,
  judge,
  step,
  voteRequest
} from './sample-steps.ts'

const verdictOn = (made: Step): Judged => judge(made, guardTerm, guardVote, guardRole, guardFloor)
const grant = { vote: 2 }
const candidacy = { term: 3, vote: 1, role: 'candidate' } as const
const asCandidate = { role: 'candidate', vote: 1 } as const
const asLeader = { role: 'leader', vote: 1 } as const
const noop = { last: id(6, 2) }

const good: Readonly<Record<string, Step>> = {
  'a term is heard of': step({
    cause: heard(appendRequest(id(5, 2), [], { term: 4 })),
    after: { term: 4 }
  }),
  'a vote is given': step({ cause: heard(voteRequest()), after: grant }),
  'a vote in a term just heard of': step({
    before: { vote: 3, leader: 3 },
    cause: heard(voteRequest({ term: 3 })),
    after: { term: 3, vote: 2, leader: null }
  }),
  'a quorum would elect it': step({
    before: { role: 'pre-candidate' },
    after: candidacy,
    preVotesGranted: [3]
  }),
  'the leader wants it': step({
    before: { leader: 2 },
    cause: heard({ type: 'timeout-now', from: 2, to: 1, term: 2 }),
    after: { ...candidacy, leader: null }
  }),
  'the leader that it hears wants another': step({
    cause: heard(voteRequest({ term: 3, transfer: true })),
    after: { term: 3, vote: 2 },
    owesSilence: true
  }),
  'it asks first': step({ after: { role: 'pre-candidate' } }),
  'a quorum elects it': step({
    before: asCandidate,
    after: { ...asLeader, ...noop },
    votesGranted: [1, 3]
  }),
  'both majorities elect it': step({
    before: { ...asCandidate, configuration: joint },
    after: { ...asLeader, ...noop },
    votesGranted: [1, 3, 4]
  }),
  'a leader gives up': step({ before: asLeader, after: { role: 'follower' } }),
  'a vote for who has all that it once had': step({
    before: { floor: 9 },
    cause: heard(voteRequest({ commit: 9 })),
    after: grant
  }),
  'nothing happens': step({})
}

const bad: Readonly<Record<string, readonly [string, Step]>> = {
  'a term out of nowhere': ['the term becomes', step({ after: { term: 3 } })],
  'a term of a pre-vote': [
    'the term becomes',
    step({ cause: heard(voteRequest({ pre: true, term: 3 })), after: { term: 3 } })
  ],
  'a term that falls': ['the term becomes', step({ after: { term: 1 } })],
  'a candidate without a vote': [
    'does not vote for itself',
    step({ after: { ...candidacy, vote: 2 }, preVotesGranted: [2] })
  ],
  'a candidate nobody would elect': ['no quorum would elect', step({ after: candidacy })],
  'a joint candidate of one majority': [
    'no quorum would elect',
    step({ before: { configuration: joint }, after: candidacy, preVotesGranted: [2, 3] })
  ],
  'a learner campaigns': [
    'that is no voter',
    step({ after: candidacy, preVotesGranted: [2, 3], isElectable: false })
  ],
  'a vote is taken back': ['taken back', step({ before: { vote: 2 }, after: { vote: null } })],
  'a second vote': [
    'a second vote',
    step({ before: { vote: 3 }, cause: heard(voteRequest()), after: grant })
  ],
  'a vote against a leader': [
    'a known leader',
    step({ before: { leader: 3 }, cause: heard(voteRequest()), after: grant })
  ],
  'a vote for a shorter log': [
    'lacks entries',
    step({ cause: heard(voteRequest({ last: id(4, 2) })), after: grant })
  ],
  'a vote for a longer log of an older term': [
    'lacks entries',
    step({ cause: heard(voteRequest({ last: id(9, 1) })), after: grant })
  ],
  'a vote for another': [
    'another than who asked',
    step({ cause: heard(voteRequest()), after: { vote: 3 } })
  ],
  'a vote that nobody asked for': ['nobody asked', step({ after: grant })],
  'a pre-vote that changes the vote': [
    'a pre-vote changes',
    step({ cause: heard(voteRequest({ pre: true })), after: grant })
  ],
  'a vote while a leader is heard': [
    'a vote while a leader is heard',
    step({ cause: heard(voteRequest()), after: grant, owesSilence: true })
  ],
  'a leader that is heard is unseated': [
    'a leader that is heard is unseated',
    step({ cause: heard(voteRequest({ term: 3 })), after: { term: 3 }, owesSilence: true })
  ],
  'a leader is unseated': [
    'a leader that is heard is unseated',
    step({
      before: asLeader,
      cause: heard(voteRequest({ term: 3 })),
      after: { term: 3, vote: null, role: 'follower' }
    })
  ],
  'a campaign while a leader is heard': [
    'campaigns while a leader is heard',
    step({
      before: { role: 'pre-candidate' },
      after: candidacy,
      preVotesGranted: [3],
      owesSilence: true
    })
  ],
  'a candidate whose log is being replaced': [
    'whose log is being replaced',
    step({ after: candidacy, preVotesGranted: [2, 3], isInstalling: true })
  ],
  'a leader without votes': [
    'without the votes',
    step({ before: asCandidate, after: { ...asLeader, ...noop }, votesGranted: [1] })
  ],
  'a leader of one majority': [
    'without the votes',
    step({
      before: { ...asCandidate, configuration: joint },
      after: { ...asLeader, ...noop },
      votesGranted: [1, 2, 3]
    })
  ],
  'a leader without a no-op': [
    'one entry of its own',
    step({ before: asCandidate, after: asLeader, votesGranted: [1, 2] })
  ],
  'a follower becomes leader': [
    'a follower of term 2 becomes leader',
    step({ after: { ...asLeader, ...noop }, votesGranted: [1, 2] })
  ],
  'a leader leads on in another term': [
    'leads on',
    step({
      before: asLeader,
      cause: heard(voteRequest({ term: 3 })),
      after: { term: 3, vote: null }
    })
  ],
  'a leader campaigns': [
    'a leader campaigns',
    step({ before: asLeader, after: { role: 'pre-candidate' } })
  ],
  'a vote for who may lack what it once had': [
    'a vote below the floor',
    step({ before: { floor: 9 }, cause: heard(voteRequest({ commit: 8 })), after: grant })
  ],
  'a campaign below the floor': [
    'a pre-candidate below its floor',
    step({ before: { floor: 9 }, after: { role: 'pre-candidate' } })
  ],
  'a leader below the floor': [
    'a leader below its floor',
    step({
      before: { ...asCandidate, floor: 9 },
      after: { ...asLeader, ...noop },
      votesGranted: [1, 3]
    })
  ],
  'a campaign out of a vote request': [
    'a campaign out of message',
    step({ cause: heard(voteRequest()), after: { role: 'pre-candidate' } })
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

t.test('actions are named', async (t) => {
  const named = Object.values(good).flatMap((made) => verdictOn(made).found)
  t.same([...new Set(named)].sort(), [
    'Abdicate',
    'BecomeLeader',
    'HandleRequestVoteRequest',
    'PreVote',
    'Timeout',
    'TimeoutNow',
    'UpdateTerm'
  ])
})
