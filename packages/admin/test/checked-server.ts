// An admin server for tests: every answer is validated against the OpenAPI document, and every code
// must be one that the document lists for that status. So no test can pass on an undescribed
// answer.
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type AdminServer, type AdminServerOptions, createAdminServer } from '../src/index.ts'
import { FakePort } from './fake-port.ts'

type Json = Readonly<Record<string, unknown>>

export interface CheckedAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>
  /** Parsed if it is JSON, else text. */
  readonly body: unknown
}

export interface CheckedServer {
  readonly admin: AdminServer
  readonly port: FakePort
  readonly logged: { level: string; message: string; fields: object }[]
  readonly document: Json
  /** Sends a request; `operation` is its operationId, or null if no operation takes it. */
  call(
    operation: string | null,
    method: Method,
    url: string,
    options?: CallOptions
  ): Promise<CheckedAnswer>
}

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE' | 'PATCH' | 'OPTIONS'

interface CallOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly payload?: string | Buffer
  readonly json?: unknown
}

/** Walks into a document by keys. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let here = value
  for (const key of keys) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
    here = (here as Json)[key]
  }
  return here
}

function operationOf(document: Json, name: string): Json {
  for (const path of Object.values(document['paths'] as Readonly<Record<string, Json>>)) {
    for (const operation of Object.values(path)) {
      if (at(operation, 'operationId') === name) return operation as Json
    }
  }
  throw new Error(`the document has no operation '${name}'`)
}

function checker(document: Json): (operation: string | null, answer: CheckedAnswer) => void {
  const ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true })
  // A dialect knows no `components`: each schema is added under its name, which its users refer to.
  const prefix = '#/components/schemas/'
  const text = JSON.stringify(at(document, 'components', 'schemas')).replaceAll(prefix, '')
  for (const [name, schema] of Object.entries(JSON.parse(text) as Json)) {
    ajv.addSchema(schema as object, name)
  }
  return (name, answer) => {
    const described =
      name === null
        ? undefined
        : at(operationOf(document, name), 'responses', String(answer.status))
    if (name !== null && described === undefined && answer.status !== 404) {
      throw new Error(`'${name}' answered ${answer.status}, which the document does not list`)
    }
    const content = at(described, 'content', 'application/json', 'schema')
    const isText = at(described, 'content', 'text/plain') !== undefined
    if (isText || answer.status === 204) return
    if (answer.status === 201 && content === undefined && answer.body === '') return
    const schema = String(at(content, '$ref') ?? 'Error').replace(prefix, '')
    const validate = ajv.getSchema(schema)
    if (validate?.(answer.body) !== true) {
      throw new Error(
        `${name}: ${JSON.stringify(answer.body)}: ${ajv.errorsText(validate?.errors)}`
      )
    }
    const code = at(answer.body, 'code')
    const listed = String(at(described, 'description') ?? `\`${String(code)}\``)
    if (typeof code === 'string' && !listed.includes(`\`${code}\``)) {
      throw new Error(
        `'${name}' answered ${answer.status} with ${code}, which is not listed for it`
      )
    }
  }
}

/** Makes a server around a fake node. */
export async function checkedServer(
  options: Partial<AdminServerOptions> = {}
): Promise<CheckedServer> {
  const port = new FakePort()
  const logged: CheckedServer['logged'] = []
  const log: NonNullable<AdminServerOptions['log']> = (level, message, fields) => {
    logged.push({ level, message, fields })
  }
  const admin = await createAdminServer({ port, version: '1.2.3', log, ...options })
  const document = JSON.parse((await admin.inject({ url: '/v1/openapi.json' })).body) as Json
  const check = checker(document)
  return {
    admin,
    port,
    logged,
    document,
    async call(operation, method, url, { headers, payload, json } = {}) {
      const sent = json === undefined ? payload : JSON.stringify(json)
      const type = json === undefined ? {} : { 'content-type': 'application/json' }
      const answer = await admin.inject({
        method,
        url,
        headers: { ...type, ...headers },
        ...(sent === undefined ? {} : { payload: sent })
      })
      const isJson = String(answer.headers['content-type']).startsWith('application/json')
      const body: unknown = isJson && answer.body !== '' ? JSON.parse(answer.body) : answer.body
      const checked = { status: answer.status, headers: answer.headers, body }
      if (method !== 'HEAD') check(operation, checked)
      return checked
    }
  }
}

/** The header of HTTP Basic. */
export function basicOf(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}
