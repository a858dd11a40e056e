// What Prometheus is told of the certificates that a node shows.
import type { MetricRow } from './metrics.ts'

/** A certificate that this node shows. */
export interface CertificateReading {
  /** To whom. */
  readonly use: string
  readonly notAfterMs: number
  /** Why the files that are there now are not used, or null. */
  readonly failure: string | null
}

export const certificateRows: readonly MetricRow[] = [
  {
    name: 'holdfast_tls_certificate_not_after_seconds',
    type: 'gauge',
    help: 'When the TLS certificate that is shown to clients or peers expires, in Unix time.',
    labels: ['use'],
    read: ({ certificates }) =>
      certificates.map(({ use, notAfterMs }) => ({ labels: { use }, value: notAfterMs / 1000 }))
  },
  {
    name: 'holdfast_tls_reload_failed',
    type: 'gauge',
    help: '1 if the TLS files that are there now are broken, and older ones are in use.',
    labels: ['use'],
    read: ({ certificates }) =>
      certificates.map(({ use, failure }) => ({ labels: { use }, value: failure === null ? 0 : 1 }))
  }
]
