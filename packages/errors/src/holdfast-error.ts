// The one error class. A code from the catalogue fixes the text, the id and the details.
import { catalogue, type ErrorCode, type ErrorRow } from './catalogue.ts'

type Placeholders<Template extends string> =
  Template extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholders<Rest> : never

/** The details that the template of `Code` names; leaving one out does not compile. */
export type Details<Code extends ErrorCode> = {
  readonly [Name in Placeholders<(typeof catalogue)[Code]['message']>]: string | number
}

/** An error as it crosses a border: native protocol and admin API. */
export interface WireError {
  readonly id: number
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string | number>>
}

type Arguments<Code extends ErrorCode> = keyof Details<Code> extends never
  ? [details?: Record<string, never>, options?: ErrorOptions]
  : [details: Details<Code>, options?: ErrorOptions]

/** Longest detail that is put into a message; a name has at most 255 bytes, a reason is cut. */
const detailLengthMax = 512

function fill(template: string, details: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) =>
    String(details[name] ?? `{${name}}`).slice(0, detailLengthMax)
  )
}

/** An error of the catalogue as it crosses a border, where nobody throws it: it has no stack. */
export function wireError(
  code: ErrorCode,
  details: Readonly<Record<string, string | number>>
): WireError {
  const { id, message } = catalogue[code]
  return { id, code, message: fill(message, details), details }
}

/** An error with a code of the catalogue. Compare `code`, never the text. */
export class HoldfastError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'HoldfastError'
  readonly code: Code
  readonly details: Readonly<Record<string, string | number>>

  constructor(code: Code, ...[details, options]: Arguments<Code>) {
    super(fill(catalogue[code].message, details ?? {}), options)
    this.code = code
    this.details = details ?? {}
  }

  /** The row of the catalogue: id, AMQP reply, HTTP status, retry, closes. */
  get row(): ErrorRow {
    return catalogue[this.code]
  }

  toWire(): WireError {
    return { id: this.row.id, code: this.code, message: this.message, details: this.details }
  }

  /**
   * For borders: passes a HoldfastError through, turns anything else into `INTERNAL` with cause.
   */
  static from(error: unknown): HoldfastError {
    if (error instanceof HoldfastError) return error
    return new HoldfastError('INTERNAL', {}, { cause: error })
  }

  /**
   * Reads what a peer sent. A code this version does not know becomes `INTERNAL`, its text kept.
   */
  static fromWire(wire: WireError): HoldfastError {
    if (Object.hasOwn(catalogue, wire.code)) {
      const make = HoldfastError as new (
        code: ErrorCode,
        details: Readonly<Record<string, string | number>>
      ) => HoldfastError
      return new make(wire.code as ErrorCode, wire.details)
    }
    return new HoldfastError('INTERNAL', {}, { cause: new Error(`${wire.code}: ${wire.message}`) })
  }
}
