// What befalls a simulated cluster: processes that die or stall, links that break, networks that
// part, slow disks, clocks that jump, leaders that move, nodes that come, go, or lose their disk.
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'

export interface WeatherOptions {
  readonly membership: boolean
}

export class Weather {
  readonly #world: World
  readonly #options: WeatherOptions
  #isOver = false
  #hasWiped = false
  #isMoving = false

  constructor(world: World, options: WeatherOptions) {
    this.#world = world
    this.#options = options
    this.#next()
  }

  #next(): void {
    this.#world.schedule.after(this.#world.random.integer(100, 900), () => {
      if (this.#isOver) return
      this.#strike()
      this.#next()
    })
  }

  #strike(): void {
    const { random, hosts, network } = this.#world
    const host = random.pick(hosts)
    const draw = random.integer(1, 100)
    if (draw <= 22) this.#kill(host)
    else if (draw <= 36) this.#pause(host)
    else if (draw <= 46) this.#isolate(host)
    else if (draw <= 54) network.cut(host, random.pick(hosts))
    else if (draw <= 62) network.heal()
    else if (draw <= 70) network.breakLinks(() => random.chance(0.3))
    else if (draw <= 84) this.#transfer(host)
    else if (draw <= 88) host.diskFactor = random.integer(1, 8)
    else if (draw <= 91) host.wallSkewMs += random.integer(-3000, 3000)
    else if (draw <= 93) this.#powerLoss()
    else if (this.#options.membership) this.#move(host)
  }

  #kill(host: Host): void {
    this.#world.note(`host ${host.number} is killed`)
    host.crash()
    this.#world.schedule.after(this.#world.random.integer(10, 2500), () => host.start())
  }

  #pause(host: Host): void {
    const { process } = host
    if (process === null) return
    this.#world.note(`host ${host.number} stalls`)
    process.isPaused = true
    this.#world.schedule.after(this.#world.random.integer(50, 3000), () => process.resume())
  }

  #isolate(host: Host): void {
    const { network, hosts, random } = this.#world
    this.#world.note(`host ${host.number} is cut off`)
    const isBothWays = random.chance(0.6)
    for (const other of hosts) {
      if (other === host) continue
      network.cut(host, other)
      if (isBothWays) network.cut(other, host)
    }
    this.#world.schedule.after(random.integer(200, 3000), () => network.heal())
  }

  #transfer(host: Host): void {
    const { random } = this.#world
    const status = host.process?.member.status()
    if (status === undefined || status.groups.length === 0) return
    const group = random.pick(status.groups)
    const to = random.pick(status.nodes).id
    host.process?.admin({ type: 'transfer', group: group.id, to }, () => undefined)
  }

  #powerLoss(): void {
    const { hosts, random, schedule } = this.#world
    this.#world.note('the power fails')
    for (const host of hosts) host.crash()
    for (const host of hosts) schedule.after(random.integer(10, 600), () => host.start())
  }

  /** A change of the members, one at a time. */
  #move(host: Host): void {
    const { random } = this.#world
    if (this.#isMoving || !this.#world.isSettled || this.#world.hosts.length > 5) return
    const draw = random.integer(1, 3)
    if (draw === 1 && !this.#hasWiped && this.#isSafeToWipe()) this.#wipe(host)
    else if (draw === 2) this.#add()
    else if (this.#world.hosts.filter(({ isRemoved }) => !isRemoved).length > 3) this.#remove(host)
  }

  /** A disk is lost only while all others have theirs, and all replicas are in place. */
  #isSafeToWipe(): boolean {
    return this.#world.hosts.every(({ isRunning, isRemoved }) => isRunning || isRemoved)
  }

  #wipe(host: Host): void {
    this.#world.note(`host ${host.number} loses its disk`)
    this.#hasWiped = true
    host.wipe()
    host.start()
  }

  #add(): void {
    const host = this.#world.addHost()
    host.start()
    this.#world.note(`host ${host.number} is to join`)
    this.#isMoving = true
    this.#ask({ type: 'add-node', peer: host.address })
  }

  #remove(host: Host): void {
    const node = host.process?.identity?.node
    if (node === undefined) return
    this.#world.note(`host ${host.number} is to leave`)
    this.#isMoving = true
    this.#ask({ type: 'remove-node', node })
  }

  #ask(request: { type: 'add-node'; peer: string } | { type: 'remove-node'; node: number }): void {
    const { runningHosts, random } = this.#world
    const via = runningHosts.filter(({ process }) => process?.identity != null)
    if (via.length === 0) return
    random.pick(via).process?.admin(request, (result) => {
      if ('error' in result) this.#world.note(`${request.type} was refused: ${result.error.code}`)
    })
    this.#world.schedule.after(8000, () => {
      this.#isMoving = false
    })
  }

  /** All is well again, and stays so. */
  end(): void {
    this.#isOver = true
    const { network, hosts } = this.#world
    network.heal()
    for (const host of hosts) {
      host.diskFactor = 1
      host.process?.resume()
      host.start()
    }
  }
}
