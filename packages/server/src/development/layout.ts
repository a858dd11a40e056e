// Where the nodes of a development cluster live: ports, directories, the join token, and whether
// this is the first start.
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { HoldfastError } from '@holdfast/errors'
import type { Addresses } from '../node-parts.ts'
import { takenAddress } from './taken-address.ts'

const firstPorts = { client: 7672, amqp: 5672, peer: 7673, http: 7680 } as const
const portStep = 10
const host = '127.0.0.1'
const bothHosts = 'localhost'

/** As many nodes as one laptop can sensibly run. */
export const developmentNodesMax = 9

export interface NodeLayout extends Addresses {
  /** From 0. */
  readonly index: number
  readonly data: string
  /** Its stdout and stderr go here. */
  readonly logFile: string
}

export interface Layout {
  readonly directory: string
  readonly nodes: readonly NodeLayout[]
}

/** @throws CONFIGURATION_INVALID */
export function planLayout(count: number, directory: string, portOffset: number): Layout {
  const invalid = (setting: string, reason: string): HoldfastError =>
    new HoldfastError('CONFIGURATION_INVALID', { setting, reason })
  if (!Number.isSafeInteger(count) || count < 1 || count > developmentNodesMax) {
    throw invalid('nodes', `${count} is not between 1 and ${developmentNodesMax}`)
  }
  const lastPort = firstPorts.http + (count - 1) * portStep + portOffset
  if (
    !Number.isSafeInteger(portOffset) ||
    lastPort > 65535 ||
    firstPorts.amqp + portOffset < 1024
  ) {
    throw invalid('port-offset', `with ${portOffset}, ports are not between 1024 and 65535`)
  }
  const root = resolve(directory)
  const nodes = Array.from({ length: count }, (_, index) => {
    const address = (first: number): string => `${host}:${first + index * portStep + portOffset}`
    return {
      index,
      data: join(root, `node-${index}`),
      logFile: join(root, `node-${index}.log`),
      client: address(firstPorts.client),
      amqp: address(firstPorts.amqp),
      peer: address(firstPorts.peer),
      http: address(firstPorts.http)
    }
  })
  return { directory: root, nodes }
}

/** Where a node listens for clients that come to `address`, or to the same port of `[::1]`. */
export function listening(address: string): string {
  return address.replace(host, bothHosts)
}

/** The join token of this directory; made once, readable by its owner only. */
export function loadToken(directory: string): string {
  const path = join(directory, 'token')
  if (existsSync(path)) {
    const token = readFileSync(path, 'utf8').trim()
    if (token !== '') return token
  }
  const token = randomBytes(16).toString('hex')
  writeFileSync(path, `${token}\n`, { mode: 0o600 })
  return token
}

export function isBlank(directory: string): boolean {
  return !existsSync(directory) || readdirSync(directory).length === 0
}

const markerOf = (layout: Layout): string => join(layout.directory, 'bootstrapped')

/**
 * True when node 0 is to start a new cluster: all directories are blank, or the start before this
 * one ended before the cluster was there. Never when some node may hold data of a cluster.
 */
export function isFirstStart(layout: Layout): boolean {
  if (layout.nodes.every(({ data }) => isBlank(data))) {
    // Directories of an earlier, larger cluster hold data too.
    const others = readdirSync(layout.directory).filter((name) => /^node-\d+$/.test(name))
    if (others.every((name) => isBlank(join(layout.directory, name)))) {
      rmSync(markerOf(layout), { force: true })
      return true
    }
  }
  return !existsSync(markerOf(layout))
}

/** From here on, `isFirstStart` is false while any directory holds something. */
export function markBootstrapped(layout: Layout): void {
  if (!existsSync(markerOf(layout))) writeFileSync(markerOf(layout), '')
}

/** Finds out before anything starts. @throws CONFIGURATION_INVALID which names the port */
export async function checkPorts(layout: Layout): Promise<void> {
  for (const node of layout.nodes) {
    for (const kind of ['client', 'amqp', 'peer', 'http'] as const) {
      const address = node[kind]
      const taken = await takenAddress(kind === 'peer' ? address : listening(address))
      if (taken === null) continue
      throw new HoldfastError('CONFIGURATION_INVALID', {
        setting: 'port-offset',
        reason:
          `${taken}, the ${kind} address of node ${node.index}, is in use by another process; ` +
          'stop it (is another `holdfast dev` running?), or move all ports with --port-offset 1000'
      })
    }
  }
}
