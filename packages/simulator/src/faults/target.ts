// What a fault is aimed at, once its moment has come.
import { Random } from '@holdfast/testkit'
import type { Host } from '../world/host.ts'
import type { World } from '../world/world.ts'
import type { Atlas } from './atlas.ts'
import type { Fault } from './fault.ts'

export interface Target {
  readonly world: World
  readonly atlas: Atlas
  readonly host: Host
  /** Another host, or the same where there is no other. */
  readonly other: Host
  /** Draws from [0, 1). */
  readonly duration: number
  readonly amount: number
  /** Whether the storm is over: nothing new must begin. */
  readonly isOver: () => boolean
  /** Of this fault alone: what others draw does not change it. */
  readonly random: Random
}

/** Carries a fault out; false: it would mean nothing here, or too much. */
export type Strike = (target: Target) => boolean

export function targetOf(fault: Fault, world: World, atlas: Atlas): Omit<Target, 'isOver'> | null {
  const hosts = world.hosts.filter(({ isThere }) => isThere)
  const host = hosts[Math.floor(fault.host * hosts.length)]
  if (host === undefined) return null
  const others = hosts.filter((candidate) => candidate !== host)
  const other = others[Math.floor(fault.other * others.length)] ?? host
  const { duration, amount } = fault
  const random = new Random(Math.floor(fault.amount * 2 ** 32))
  return { world, atlas, host, other, duration, amount, random }
}

/** A draw from [0, 1) as an integer of `min` to `max`, both included. */
export function spread(draw: number, min: number, max: number): number {
  return min + Math.floor(draw * (max - min + 1))
}
