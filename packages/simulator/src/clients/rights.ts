// Rights that are given and taken while somebody uses them through every node. What is taken is
// gone, through whatever node, as soon as that is answered: nothing that is published after it is
// accepted. What is given is there as soon. Now and then it is given for one topic alone.
import type { AccessCommand } from '@holdfast/cluster'
import type { Host } from '../world/host.ts'
import { hashPassword } from '../world/passwords.ts'
import type { World } from '../world/world.ts'
import { Change } from './changes.ts'
import type { History } from './history.ts'
import { Publisher, type Route } from './publisher.ts'
import { exchangeRoutes, route } from './ways.ts'

const password = 'secret'
const topical = 'top'
const retryMs = 200
/** Longer than a node tries by itself. */
const patienceMs = 40_000

/** Calls of an operator, one at a time, each repeated until it is answered. */
class Administrator {
  readonly #world: World
  #isWaiting = false
  /** Whether the call that was answered last had been made before: that one may come late. */
  wasRepeated = false

  constructor(world: World) {
    this.#world = world
  }

  get isIdle(): boolean {
    return !this.#isWaiting
  }

  change(command: AccessCommand, done: () => void): void {
    this.#isWaiting = true
    this.wasRepeated = false
    this.#try(command, done)
  }

  #try(command: AccessCommand, done: () => void): void {
    const { schedule, random, memberHosts } = this.#world
    const process = memberHosts.length === 0 ? null : random.pick(memberHosts).process
    let isOver = false
    const again = (): void => {
      if (isOver) return
      isOver = true
      this.wasRepeated ||= process !== null
      schedule.after(retryMs, () => this.#try(command, done))
    }
    if (process === null) return again()
    process.admin({ type: 'change-access', command }, (result) => {
      if ('error' in result) {
        if (result.error.code === 'UNAVAILABLE') return again()
        return this.#world.fail(`${command.type} was refused: ${result.error.code}`)
      }
      if (isOver) return
      isOver = true
      this.#isWaiting = false
      done()
    })
    schedule.after(patienceMs, again)
    this.#watch(process, again)
  }

  /** A process that has ended answers no more. */
  #watch(process: { readonly isAlive: boolean }, ended: () => void): void {
    this.#world.schedule.after(retryMs, () => {
      if (process.isAlive) this.#watch(process, ended)
      else ended()
    })
  }
}

/** Publishes as a user, through one node for as long as there may be one again. */
class Subject extends Publisher {
  readonly #host: Host

  constructor(world: World, name: string, history: History, host: Host, user: string) {
    super(world, name, { history, routes: [], messages: 0 })
    this.credentials = { user, password }
    this.#host = host
  }

  protected override choose(): Host | null {
    const { isThere, isHeldDown, isRunning } = this.#host
    if (!isThere || isHeldDown) return super.choose()
    return isRunning ? this.#host : null
  }
}

export class Rights extends Change {
  readonly #administrator: Administrator
  readonly #queues: readonly string[]
  #subjects: readonly Subject[] = []
  #user = ''

  constructor(world: World, history: History, queues: readonly string[]) {
    super(world, history, 'ruler')
    this.#administrator = new Administrator(world)
    this.#queues = queues
  }

  override get isDone(): boolean {
    const isIdle = this.#administrator.isIdle && super.isDone
    return isIdle && this.#subjects.every(({ isDone }) => isDone)
  }

  protected change(): void {
    if (this.#user === '') this.#begin()
    else if (this.world.random.chance(0.5)) this.#give()
    else this.#giveTopic()
  }

  /** A user of whom nobody has heard: what was asked for others may yet come. */
  #begin(): void {
    const { world, history } = this
    const user = `user${this.count}`
    for (const subject of this.#subjects) subject.stop()
    this.#subjects = []
    const put = { type: 'put-user', user, password: hashPassword(password), tags: [] } as const
    this.#administrator.change(put, () => {
      this.#set(user, false, () => {
        this.#user = user
        this.#subjects = world.memberHosts.map(
          (host) => new Subject(world, `${user}n${host.number}`, history, host, user)
        )
        this.#publish(false, () => this.later())
      })
    })
  }

  #give(): void {
    this.#set(this.#user, true, () => this.#publish(true, () => this.#take()))
  }

  /** One topic of an exchange: the others are refused, in whatever order they come. */
  #giveTopic(): void {
    const { random } = this.world
    const user = this.#user
    const topics = random.shuffle(exchangeRoutes.filter(({ exchange }) => exchange === topical))
    const allowed = random.pick(topics)
    const write = `^${allowed.routingKey.replaceAll('.', '\\.')}$`
    const of = { user, vhost: '/', exchange: topical } as const
    this.#set(user, true, () => {
      this.#ask({ type: 'set-topic-permission', ...of, write, read: '' }, () => {
        for (const way of topics) {
          const refused = { ...route(topical, way.routingKey, []), refusal: 'TOPIC_REFUSED' }
          for (const subject of this.#subjects) subject.publish(way === allowed ? way : refused, 1)
        }
        this.whenDone(this.#subjects, () => {
          this.world.reached('client: refused a topic')
          this.#ask({ type: 'clear-topic-permission', ...of }, () => this.#take())
        })
      })
    })
  }

  #take(): void {
    this.#set(this.#user, false, () => this.#publish(false, () => this.later()))
  }

  #set(user: string, isAllowed: boolean, then: () => void): void {
    const rights = { configure: '', write: isAllowed ? '.*' : '', read: '' }
    this.#ask({ type: 'set-permission', user, vhost: '/', ...rights }, then)
  }

  #ask(command: AccessCommand, then: () => void): void {
    this.#administrator.change(command, () => {
      // Nobody knows what the call that had no answer will do, and when.
      if (!this.#administrator.wasRepeated) return then()
      this.#user = ''
      this.later()
    })
  }

  #publish(isAllowed: boolean, then: () => void): void {
    const { random } = this.world
    const queue = random.pick(this.#queues)
    const way: Route = random.chance(0.5) ? route('', queue, [queue]) : random.pick(exchangeRoutes)
    const { exchange, routingKey } = way
    const refused = { ...route(exchange, routingKey, []), refusal: 'ACCESS_REFUSED' }
    for (const subject of this.#subjects) subject.publish(isAllowed ? way : refused, 1)
    this.whenDone(this.#subjects, () => {
      if (!isAllowed) this.world.reached('client: refused by a right that was taken')
      then()
    })
  }
}
