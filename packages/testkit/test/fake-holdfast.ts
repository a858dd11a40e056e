// A stand-in for the CLI, for the tests of cluster-process.ts: `dev --json` starts processes that
// answer /v1/cluster and /health/ready and do nothing else; `server` is one such process.
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { portsOfNode } from '../src/free-ports.ts'

const self = fileURLToPath(import.meta.url)
const [mode = '', ...flags] = process.argv.slice(2)

function flag(name: string, fallback: string): string {
  const at = flags.indexOf(`--${name}`)
  return at < 0 ? fallback : (flags[at + 1] ?? fallback)
}

function serve(): void {
  const [host = '127.0.0.1', port = '0'] = flag('http', '').split(':')
  const groups = [
    { id: 0, kind: 'metadata', leader: 1, term: 1, voters: [1, 2, 3], learners: [] },
    { id: 1, kind: 'shard', leader: 2, term: 1, voters: [1, 2, 3], learners: [] }
  ].map((group) => ({ ...group, commitIndex: 5, appliedIndex: 5 }))
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json')
    if (request.url === '/health/ready') response.end('{}')
    else if (request.url === '/v1/cluster') {
      response.end(JSON.stringify({ clusterId: 'c', nodes: [], groups }))
    } else {
      response.statusCode = 404
      response.end(JSON.stringify({ code: 'ROUTE_NOT_FOUND', message: 'nothing', details: {} }))
    }
  })
  server.listen(Number(port), host)
  process.once('SIGTERM', () => {
    process.stdout.write('it says good-bye\n', () => process.exit(0))
  })
  process.once('disconnect', () => process.exit(0))
}

function develop(): void {
  if (flag('data', '').includes('broken')) {
    process.stderr.write('port 7672 is in use\n')
    process.exit(3)
  }
  const offset = Number(flag('port-offset', '0'))
  const children: ChildProcess[] = []
  const nodes = Array.from({ length: Number(flag('nodes', '3')) }, (_, place) => {
    const ports = portsOfNode(place, offset)
    const http = `127.0.0.1:${ports.http}`
    const data = `${flag('data', '')}/${place}`
    const command = [process.execPath, self, 'server', '--data', data, '--http', http]
    const child = spawn(process.execPath, command.slice(1), { stdio: 'inherit' })
    children.push(child)
    const id = place + 1
    child.once('exit', () => {
      process.stdout.write(`${JSON.stringify({ event: 'exited', id, pid: child.pid })}\n`)
    })
    const client = `127.0.0.1:${ports.client}`
    return { id, pid: child.pid, client, peer: `127.0.0.1:${ports.peer}`, http, data, command }
  })
  process.stdout.write(`a line for people\n${JSON.stringify({ ready: true, token: 't', nodes })}\n`)
  const stop = (): void => {
    for (const child of children) child.kill('SIGTERM')
    process.exit(0)
  }
  process.once('SIGINT', stop)
  process.once('disconnect', stop)
}

if (mode === 'dev') develop()
else serve()
