// Mutations of who somebody is, and of what a user may do (docs/adr/0024).
import type { Mutation } from '../mutation.ts'

const rights = 'packages/cluster/src/access/session-rights.ts'
const authorization = 'packages/cluster/src/access/authorization.ts'
const logins = 'packages/cluster/src/access/logins.ts'
const sessions = 'packages/cluster/src/sessions/sessions.ts'
const accessState = 'packages/broker/src/access/access-state.ts'
const machine = 'packages/broker/src/metadata-machine.ts'
const certificate = 'packages/server/src/tls/certificate-name.ts'
const failureMode = null
const ofLogins = ['packages/cluster/dist/test/access/logins.test.js']
const ofRights = ['packages/cluster/dist/test/access/session-rights.test.js']
const ofAmqp = ['packages/cluster/dist/test/access/amqp-rights.test.js']

export const accessMutations: readonly Mutation[] = [
  {
    name: 'decision-outlives-a-change-of-rights',
    failureMode,
    file: rights,
    find: 'if (this.#revision !== authorization.revision) {',
    replace: 'if (this.#revision < 0) {',
    catches: 'simulator'
  },
  {
    name: 'rights-decided-without-a-lease',
    failureMode,
    file: rights,
    find: "if (!lease.isValid) return 'wait'",
    replace: '',
    catches: 'simulator'
  },
  {
    name: 'change-of-rights-answered-before-it-is-in-force',
    failureMode,
    file: machine,
    find: 'if (isAccessChanged || topology.pages.changes !== topologyBefore) {',
    replace: 'if (topology.pages.changes !== topologyBefore) {',
    catches: 'simulator'
  },
  {
    name: 'topics-are-not-checked',
    failureMode,
    file: authorization,
    find: 'const permission = this.topicPermission(user, vhost, name)',
    replace: 'const permission = this.topicPermission(null, vhost, name)',
    catches: ofRights
  },
  {
    name: 'one-connection-above-the-limit',
    failureMode,
    file: logins,
    find: 'this.#core.sessions.countOf(kind, name) < limit',
    replace: 'this.#core.sessions.countOf(kind, name) <= limit',
    catches: ofLogins
  },
  {
    name: 'connections-to-a-vhost-are-not-counted',
    failureMode,
    file: sessions,
    find: "(kind === 'user' ? rights.user.name : rights.vhost) === name",
    replace: 'rights.user.name === name',
    catches: ofLogins
  },
  {
    name: 'channels-of-another-connection-are-not-counted',
    failureMode,
    file: sessions,
    find: 'count += session.connection.channelsCount',
    replace: 'count = session.connection.channelsCount',
    catches: ofAmqp
  },
  {
    name: 'reply-crosses-vhosts',
    failureMode,
    file: sessions,
    find: '|| session.vhost !== vhost) return null',
    replace: "|| vhost === '') return null",
    catches: ['packages/cluster/dist/test/sessions/amqp-replies.test.js']
  },
  {
    name: 'session-of-a-deleted-user-stays',
    failureMode,
    file: rights,
    find: 'if (this.#row === null) return ended',
    replace: 'if (this.user.id < 0) return ended',
    catches: ofLogins
  },
  {
    name: 'user-that-is-made-again-is-the-same',
    failureMode,
    file: accessState,
    find: 'return user?.id === id ? user : null',
    replace: 'return id < 0 ? null : user',
    catches: ofLogins
  },
  {
    name: 'password-of-another-user',
    failureMode,
    file: logins,
    find: 'const hash = this.#row(user)?.password ?? null',
    replace: 'const hash = this.#row(guest.user)?.password ?? null',
    also: [
      {
        file: logins,
        find: 'if (isRight && isSame(this.#row(user)?.password ?? null, hash)) this.#admit',
        replace: 'if (isRight) this.#admit'
      }
    ],
    catches: ofLogins
  },
  {
    name: 'password-that-was-replaced-meanwhile',
    failureMode,
    file: logins,
    find: 'if (isRight && isSame(this.#row(user)?.password ?? null, hash)) this.#admit',
    replace: 'if (isRight) this.#admit',
    catches: ofLogins
  },
  {
    name: 'guest-from-anywhere',
    failureMode,
    file: logins,
    find: 'if (credentials.user === guest.user && !isNear) return done',
    replace: "if (credentials.user === guest.user && remote === '') return done",
    catches: ofLogins
  },
  {
    name: 'certificate-of-anybody-counts',
    failureMode,
    file: certificate,
    find: '|| !socket.authorized) return null',
    replace: ') return null',
    catches: ['packages/server/dist/test/tls/certificate-name.test.js']
  },
  {
    name: 'authority-alone-is-no-news',
    failureMode,
    file: 'packages/server/src/tls/tls-files.ts',
    find: '    one.key === other.key &&\n    one.authority === other.authority\n',
    replace: '    one.key === other.key\n',
    catches: ['packages/server/dist/test/tls/tls-files.test.js']
  }
]
