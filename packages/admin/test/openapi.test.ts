// The OpenAPI document is whole: every route of the server, every reference, every code.
import { readFileSync } from 'node:fs'
import { catalogue } from '@holdfast/errors'
import t from 'tap'
import { at, checkedServer } from './checked-server.ts'

function* references(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') yield inner
    else yield* references(inner)
  }
}

t.test('every registered route is an operation, and every operation a route', async (t) => {
  const { admin, document } = await checkedServer()
  const operations: string[] = []
  for (const [path, methods] of Object.entries(document['paths'] as object)) {
    for (const method of Object.keys(methods as object))
      operations.push(`${method.toUpperCase()} ${path}`)
  }
  t.same(operations.sort(), admin.routes.map(({ method, path }) => `${method} ${path}`).sort())
})

t.test('every operation is described to its end', async (t) => {
  const { admin, document } = await checkedServer()
  const names = new Set<unknown>()
  for (const { method, path } of admin.routes) {
    const operation = at(document, 'paths', path, method.toLowerCase())
    names.add(at(operation, 'operationId'))
    t.type(at(operation, 'summary'), 'string')
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    const described = (at(operation, 'parameters') as object[])
      .filter((parameter) => at(parameter, 'in') === 'path')
      .map((parameter) => at(parameter, 'name'))
    t.same(described, inPath, `${method} ${path} describes its parameters`)
    const responses = at(operation, 'responses')
    for (const status of ['400', '403', '500', '503', 'default']) {
      t.ok(at(responses, status), `${method} ${path} describes ${status}`)
    }
  }
  t.equal(names.size, admin.routes.length, 'operation ids are unique')
})

t.test('every reference leads somewhere, and every schema is used', async (t) => {
  const { document } = await checkedServer()
  const used = new Set(references(document))
  for (const reference of used) {
    t.ok(at(document, ...reference.replace('#/', '').split('/')), reference)
  }
  const defined = Object.keys(at(document, 'components', 'schemas') as object)
  for (const name of defined) t.ok(used.has(`#/components/schemas/${name}`), `${name} is used`)
})

t.test('every code of the catalogue is described', async (t) => {
  const { document } = await checkedServer()
  t.same(Object.keys(at(document, 'x-errors') as object), Object.keys(catalogue).sort())
  t.equal(at(document, 'openapi'), '3.1.0')
  t.equal(at(document, 'info', 'version'), '1.2.3')
})

t.test('the reference page lists every route and how it ends', async (t) => {
  const page = readFileSync(
    new URL(
      '../../docs/reference/admin-api.md',
      import.meta.resolve('@holdfast/admin/package.json')
    ),
    'utf8'
  )
  const { admin, document } = await checkedServer()
  const listed = [...page.matchAll(/^\| `([A-Z]+) ([^ `]+)` \| (\d+) \|/gm)]
  const routes = admin.routes.map(({ method, path }) => {
    const responses = at(document, 'paths', path, method.toLowerCase(), 'responses') as object
    const success = Object.keys(responses).find((status) => Number(status) < 400)
    return `${method} ${path} ${success}`
  })
  t.same(
    listed.map(([, method, path, status]) => `${method} ${path} ${status}`).sort(),
    routes.sort()
  )
})
