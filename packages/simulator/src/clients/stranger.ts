// Somebody who speaks no language that the node knows, or nearly: noise, cut frames, frames with
// flipped bits. Nobody else must notice. What is flipped only says hello, so that no luck of it
// does harm.
import { ClientConnection } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import type { World } from '../world/world.ts'

const gapMsMax = 1500

export class Stranger {
  readonly #world: World
  readonly #random: Random
  isStopped = false

  constructor(world: World, name: string) {
    this.#world = world
    this.#random = world.random.split(`stranger ${name}`)
    this.#next()
  }

  #next(): void {
    this.#world.schedule.after(this.#random.integer(50, gapMsMax * this.#world.leisure), () => {
      if (this.isStopped) return
      this.#speak()
      this.#next()
    })
  }

  #speak(): void {
    const host = this.#random.pickAny(this.#world.memberHosts)
    if (host === undefined) return
    const { clients } = this.#world.network
    const socket = clients.connect(host, { bytes: () => undefined, closed: () => undefined })
    if (socket === null) return
    this.#world.struck('malformed-bytes')
    for (const bytes of this.#sentence()) clients.toServer(socket, bytes)
    const { schedule } = this.#world
    schedule.after(this.#random.integer(1, 3000), () => clients.hangUp(socket))
  }

  #sentence(): Uint8Array[] {
    if (this.#random.chance(0.3)) return [this.#random.bytes(this.#random.integer(1, 200))]
    const { nowMs } = this.#world.schedule
    const producer = this.#random.bytes(16)
    const hello = { producer, epoch: 1, name: 'stranger', vhost: '/', heartbeatMs: 1000 }
    const connection = new ClientConnection({ nowMs, hello, handshakeTimeoutMs: 1000 })
    const frames = connection.flush(nowMs).map((chunk) => new Uint8Array(chunk))
    const whole = new Uint8Array(Buffer.concat(frames))
    if (this.#random.chance(0.3)) return [whole.subarray(0, this.#random.below(whole.length))]
    for (let flips = this.#random.integer(1, 4); flips > 0; flips -= 1) {
      const at = this.#random.below(whole.length)
      whole[at] = (whole[at] ?? 0) ^ (1 << this.#random.below(8))
    }
    return [whole, this.#random.bytes(this.#random.integer(0, 60))]
  }
}
