// A stand-in for `holdfast server`, as the text of a script: it listens, and keeps what the cluster
// knows in a file beside the data directories.
export const fakeNodeScript = `
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { dirname, join } from 'node:path'
const words = process.argv.slice(2)
const flag = (name) => words[words.indexOf(name) + 1]
const [data, peer, http] = [flag('--data'), flag('--peer'), flag('--http')]
const stateFile = join(dirname(data), 'state.json')
mkdirSync(data, { recursive: true })
if (existsSync(join(dirname(data), 'broken'))) {
  console.error('the disk is on fire')
  process.exit(1)
}
const read = () => JSON.parse(readFileSync(stateFile, 'utf8'))
// At once: another stand-in that reads half a file would end, as a node that cannot start does.
const write = (state) => {
  writeFileSync(stateFile + '.new', JSON.stringify(state))
  renameSync(stateFile + '.new', stateFile)
}
if (words.includes('--bootstrap')) write({ bootstraps: 1, peers: [peer] })
writeFileSync(join(data, 'words'), JSON.stringify(words))
const server = createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  if (request.url === '/health/ready') return answer(200, {})
  const state = existsSync(stateFile) ? read() : { peers: [] }
  if (request.url === '/v1/cluster') {
    const isMember = state.peers.includes(peer)
    const ids = state.peers.map((_, index) => index + 1)
    return answer(200, {
      clusterId: isMember ? 'c' : null,
      nodes: state.peers.map((address, index) => ({ id: index + 1, peer: address, state: 'up' })),
      groups: [{ id: 0, kind: 'metadata', leader: 1, voters: ids }]
    })
  }
  let text = ''
  request.on('data', (chunk) => { text += chunk })
  request.on('end', () => {
    write({ ...state, peers: [...state.peers, JSON.parse(text).peer] })
    answer(202, {})
  })
})
server.listen(Number(http.split(':')[1]), '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
process.on('disconnect', () => process.exit(0))
`
