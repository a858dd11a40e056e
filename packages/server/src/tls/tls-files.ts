// One set of TLS files, looked at again and again: new ones are used from the next connection on,
// and broken ones are not; the node goes on with what it has, and says so.
import { HoldfastError } from '@holdfast/errors'
import type { TlsMaterial, TlsSource } from '@holdfast/transport'
import { serverLimits } from '../limits.ts'
import type { Log } from '../logger.ts'
import { type CheckedMaterial, checkMaterial, readMaterial, type TlsFileSet } from './material.ts'

/** Who is shown the certificate. */
export type TlsUse = 'clients' | 'peers'

export interface CertificateStatus {
  readonly use: TlsUse
  readonly notAfterMs: number
  /** Why the files that are there now are not used, or null. */
  readonly failure: string | null
}

const dayMs = 86_400_000

const utcFormat = new Intl.DateTimeFormat('sv-SE', {
  dateStyle: 'short',
  timeStyle: 'medium',
  timeZone: 'UTC'
})
const utc = (ms: number): string => `${utcFormat.format(ms)} UTC`

export class TlsFiles implements TlsSource {
  readonly use: TlsUse
  readonly #files: TlsFileSet
  readonly #log: Log
  readonly #wallMs: () => number
  readonly #watchers = new Set<() => void>()
  #checked: CheckedMaterial
  /** What was wrong at the last look: files may be between two writes. */
  #suspicion: string | null = null
  #failure: string | null = null
  #lastWarning: string | null = null
  #looking: Promise<void> = Promise.resolve()

  private constructor(
    use: TlsUse,
    files: TlsFileSet,
    checked: CheckedMaterial,
    log: Log,
    wallMs: () => number
  ) {
    this.use = use
    this.#files = files
    this.#checked = checked
    this.#log = log
    this.#wallMs = wallMs
    this.#warn()
  }

  /**
   * An expired certificate is a warning here: the node can be reached to be told a new one, and
   * clients judge for themselves. @throws TLS_FILE_INVALID
   */
  static async open(
    use: TlsUse,
    files: TlsFileSet,
    log: Log,
    wallMs: () => number = Date.now
  ): Promise<TlsFiles> {
    const checked = checkMaterial(files, await readMaterial(files))
    return new TlsFiles(use, files, checked, log, wallMs)
  }

  get material(): TlsMaterial {
    return this.#checked.material
  }

  get status(): CertificateStatus {
    return { use: this.use, notAfterMs: this.#checked.notAfterMs, failure: this.#failure }
  }

  /** Sentences for operators. */
  get warnings(): readonly string[] {
    const expiry = this.#expiryWarning()
    const sentences = expiry === null ? [] : [expiry]
    if (this.#failure !== null) {
      sentences.push(
        `the new TLS files for ${this.use} are not used, those before them are: ${this.#failure}`
      )
    }
    return sentences
  }

  watch(changed: () => void): () => void {
    this.#watchers.add(changed)
    return () => this.#watchers.delete(changed)
  }

  /**
   * Looks at the files. What is wrong with them is believed at the second look, or when an operator
   * says that they are complete.
   */
  look(areComplete: boolean): Promise<void> {
    // One after the other: a look that began before a change may have missed it.
    this.#looking = this.#looking.then(() => this.#look(areComplete))
    return this.#looking
  }

  async #look(areComplete: boolean): Promise<void> {
    try {
      const material = await readMaterial(this.#files)
      if (!isSame(material, this.material)) this.#adopt(this.#checkNew(material))
      this.#suspicion = null
      this.#failure = null
    } catch (error) {
      const { code, message } = HoldfastError.from(error)
      const isNews = this.#failure !== message
      if (isNews && (areComplete || this.#suspicion === message)) {
        this.#failure = message
        const fields = { code, use: this.use, reason: message }
        this.#log('error', 'the new TLS files are not used', fields)
      }
      this.#suspicion = message
    }
    this.#warn()
  }

  /** What replaces a working certificate must work itself. */
  #checkNew(material: TlsMaterial): CheckedMaterial {
    const checked = checkMaterial(this.#files, material)
    const nowMs = this.#wallMs()
    const { setting, path } = this.#files.certificate
    const from = utc(checked.notBeforeMs)
    const to = utc(checked.notAfterMs)
    if (nowMs > checked.notAfterMs) {
      throw new HoldfastError('TLS_FILE_INVALID', { setting, path, reason: `it expired at ${to}` })
    }
    if (nowMs < checked.notBeforeMs) {
      const reason = `it is not valid before ${from}; is the clock right?`
      throw new HoldfastError('TLS_FILE_INVALID', { setting, path, reason })
    }
    return checked
  }

  #adopt(checked: CheckedMaterial): void {
    this.#checked = checked
    const validUntil = utc(checked.notAfterMs)
    this.#log('info', 'new TLS files are used from now on', { use: this.use, validUntil })
    for (const changed of this.#watchers) changed()
  }

  #expiryWarning(): string | null {
    const { notAfterMs, notBeforeMs } = this.#checked
    const nowMs = this.#wallMs()
    const at = utc(nowMs < notBeforeMs ? notBeforeMs : notAfterMs)
    const subject = `the TLS certificate for ${this.use}`
    if (nowMs < notBeforeMs) return `${subject} is not valid before ${at}; is the clock right?`
    if (nowMs > notAfterMs) return `${subject} expired at ${at}; replace its files`
    if (nowMs + serverLimits.tlsExpiryWarnDays * dayMs < notAfterMs) return null
    return `${subject} expires at ${at}; replace its files`
  }

  /** Once for each thing that there is to say. */
  #warn(): void {
    const warning = this.#expiryWarning()
    if (warning !== null && warning !== this.#lastWarning) {
      this.#log('warn', 'a TLS certificate needs care', { use: this.use, reason: warning })
    }
    this.#lastWarning = warning
  }
}

function isSame(one: TlsMaterial, other: TlsMaterial): boolean {
  return (
    one.certificate === other.certificate &&
    one.key === other.key &&
    one.authority === other.authority
  )
}
