// TLS material for tests that can be changed.
import type { CertificateAuthority, CertificateFiles } from '@holdfast/testkit'
import type { TlsMaterial, TlsSource } from '../src/tls-source.ts'

export class ChangingSource implements TlsSource {
  material: TlsMaterial
  readonly #watchers = new Set<() => void>()

  constructor(files: CertificateFiles, authority: CertificateAuthority | null) {
    this.material = materialOf(files, authority)
  }

  change(files: CertificateFiles, authority: CertificateAuthority | null): void {
    this.material = materialOf(files, authority)
    for (const changed of this.#watchers) changed()
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  get watcherCount(): number {
    return this.#watchers.size
  }
}

function materialOf(files: CertificateFiles, authority: CertificateAuthority | null): TlsMaterial {
  return {
    certificate: files.certificateText,
    key: files.keyText,
    authority: authority?.certificateText ?? null
  }
}
