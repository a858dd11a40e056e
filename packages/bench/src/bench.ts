// Runs workloads by name against a fresh development cluster and returns what was measured.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  CertificateAuthority,
  ClusterProcess,
  defaultSdk,
  makeTemporaryDirectory,
  removeDirectory,
  repositoryRoot,
  type SdkTls
} from '@holdfast/testkit'
import type { Figures } from './measure.ts'
import { type BenchOptions, workloads } from './workloads.ts'

export interface BenchRequest {
  /** Names of workloads, in order. */
  readonly names: readonly string[]
  readonly size?: number
  readonly seconds?: number
  readonly window?: number
  readonly rate?: number
  readonly count?: number | null
  readonly nodes?: number
  /** Mutual TLS between the nodes, and with their clients. */
  readonly isSecured?: boolean
  readonly sdk?: string
  readonly cli?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly log?: (sentence: string) => void
}

/** @throws Error for a workload that is not known, before anything is started. */
export async function runBench(request: BenchRequest): Promise<Figures[]> {
  for (const name of request.names) {
    if (workloads[name] === undefined) {
      throw new Error(`no workload '${name}'; known are ${Object.keys(workloads).join(', ')}`)
    }
  }
  // On the disk of the repository: a temporary directory may be in memory, where fsync costs
  // nothing.
  const parent = join(repositoryRoot, '.holdfast')
  mkdirSync(parent, { recursive: true })
  const data = makeTemporaryDirectory('bench', parent)
  const { nodes = 3, cli, environment = {} } = request
  const launcher = cli === undefined ? {} : { cli }
  const secured = request.isSecured === true ? makeSecrets(data) : null
  const all = { ...environment, ...secured?.environment }
  const cluster = await ClusterProcess.start({ data, nodes, environment: all, ...launcher })
  const options: BenchOptions = {
    cluster,
    sdk: request.sdk ?? defaultSdk,
    tls: secured?.tls ?? null,
    size: request.size ?? 1_024,
    seconds: request.seconds ?? 10,
    window: request.window ?? 1_000,
    rate: request.rate ?? 0,
    count: request.count ?? null,
    log: request.log ?? (() => {})
  }
  const figures: Figures[] = []
  try {
    for (const name of request.names) figures.push(...((await workloads[name]?.(options)) ?? []))
  } finally {
    await cluster.stop()
    removeDirectory(data)
  }
  return figures
}

function makeSecrets(directory: string): {
  readonly environment: Readonly<Record<string, string>>
  readonly tls: SdkTls
} {
  const authority = new CertificateAuthority(directory)
  const node = authority.issue('node')
  const own = authority.issue('client')
  return {
    environment: {
      HOLDFAST_CLIENT_TLS: 'true',
      HOLDFAST_TLS_CERTIFICATE: node.certificate,
      HOLDFAST_TLS_KEY: node.key,
      HOLDFAST_TLS_AUTHORITY: authority.certificate,
      HOLDFAST_TLS_CLIENT_CERTIFICATES: 'required',
      HOLDFAST_PEER_TLS_CERTIFICATE: node.certificate,
      HOLDFAST_PEER_TLS_KEY: node.key,
      HOLDFAST_PEER_TLS_AUTHORITY: authority.certificate
    },
    tls: { ca: authority.certificateText, cert: own.certificateText, key: own.keyText }
  }
}
