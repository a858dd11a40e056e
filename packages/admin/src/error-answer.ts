// The border of the HTTP API: whatever went wrong becomes a coded error with a status. What is not
// foreseen becomes INTERNAL; its cause goes to the log and never to the caller.
import { STATUS_CODES } from 'node:http'
import { HoldfastError } from '@holdfast/errors'
import { adminLimits } from './limits.ts'

/** What every failed call answers with. */
export interface ErrorBody {
  readonly code: string
  readonly message: string
  readonly details: Readonly<Record<string, string | number>>
}

/** Below it stands what RabbitMQ's management API has, in its own form. */
export const apiPrefix = '/api/'

/** Fastify's refusals, in our words. All of them are the caller's doing. */
const refusals: Readonly<Record<string, () => HoldfastError>> = {
  FST_ERR_BAD_URL: () => invalid('the path is not percent-encoded UTF-8'),
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    new HoldfastError('BODY_TOO_LARGE', { limit: adminLimits.bodyBytesMax }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new HoldfastError('MEDIA_TYPE_UNSUPPORTED', { supported: 'application/json' }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    invalid('the body is not as long as Content-Length says')
}

function invalid(reason: string): HoldfastError {
  return new HoldfastError('REQUEST_INVALID', { reason })
}

function frameworkCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}

/** Any thrown value as an error of the catalogue. */
export function toHoldfastError(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error
  const code = frameworkCode(error)
  const refusal = Object.hasOwn(refusals, code) ? refusals[code] : undefined
  return refusal?.() ?? HoldfastError.from(error)
}

/** What tools made for RabbitMQ look for, beside our own. */
const apiErrors: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'not_authorized',
  403: 'not_authorized',
  404: 'Object Not Found'
}

/** The body that tells of an error at `path`. */
export function errorBodyAt(path: string, error: HoldfastError): object {
  const body = errorBody(error)
  if (!path.startsWith(apiPrefix)) return body
  const { status } = error.row
  return { error: apiErrors[status] ?? error.code, reason: error.message, ...body }
}

/** The body that tells of an error. */
export function errorBody(error: HoldfastError): ErrorBody {
  return { code: error.code, message: error.message, details: error.details }
}

/** What Node's parser refused before there was a request, as raw HTTP; the socket ends with it. */
export function rawRefusal(code: string): string {
  const reasons: Readonly<Record<string, string>> = {
    HPE_HEADER_OVERFLOW: `the headers exceed ${adminLimits.headerBytesMax} bytes`,
    ERR_HTTP_REQUEST_TIMEOUT: 'the request took too long to arrive'
  }
  const reason = Object.hasOwn(reasons, code) ? reasons[code] : undefined
  return rawAnswer(invalid(reason ?? 'this is not HTTP/1.1'))
}

/** An error as raw HTTP, for a socket that ends with it. */
export function rawAnswer(error: HoldfastError): string {
  const body = JSON.stringify(errorBody(error))
  const { status } = error.row
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body
  ].join('\r\n')
}
