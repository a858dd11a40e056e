// What TLS needs of files, as texts, and who tells when they have changed. Whoever reads the files
// is above; listeners and diallers ask here each time, so that a new certificate needs no restart.

/** PEM texts. */
export interface TlsMaterial {
  /** The certificate, and those between it and its authority. */
  readonly certificate: string
  readonly key: string
  /** Whom certificates of the other side must come from; null: nobody's are asked for. */
  readonly authority: string | null
}

export interface TlsSource {
  /** What is valid now. */
  readonly material: TlsMaterial
  /** Calls `changed` after each change, until what it returns is called. */
  watch(changed: () => void): () => void
}

/** Whether certificates of those who connect are wanted; one that is given is always verified. */
export type ClientCertificates = 'none' | 'asked' | 'required'

/** Only nodes speak to nodes; none of them is too old for it. */
export const peerTlsVersion = 'TLSv1.3'
