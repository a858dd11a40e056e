// The HTTP server of a node at the address of its settings.
import { connect } from 'node:net'
import t from 'tap'
import { loadConfiguration } from '../../src/config.ts'
import { HttpListener } from '../../src/listeners/http-listener.ts'
import { fakeHttp } from '../fakes.ts'
import { needsSix } from './six.ts'

const at = (http: string) => loadConfiguration({ flags: { data: '/d', http }, environment: {} })

async function fetched(address: string): Promise<string> {
  return await (await fetch(`http://${address}/`)).text()
}

t.test('it is told by the port that was bound', async (t) => {
  const listener = new HttpListener(await fakeHttp())
  const address = await listener.listen(at('127.0.0.1:0'))
  t.match(address, /^127\.0\.0\.1:[1-9]\d*$/)
  t.equal(await fetched(address), 'fake')
  await listener.close()
  await t.rejects(fetched(address))
})

t.test('for localhost it serves both addresses, until it is closed', needsSix, async (t) => {
  const listener = new HttpListener(await fakeHttp())
  const address = await listener.listen(at('localhost:0'))
  t.match(address, /^127\.0\.0\.1:[1-9]\d*$/)
  const six = address.replace('127.0.0.1', '[::1]')
  t.equal(await fetched(address), 'fake')
  t.equal(await fetched(six), 'fake')
  await listener.close()
  await t.rejects(fetched(six))
})

t.test('at ::1 too, who ends its side is answered, and errors are told', needsSix, async (t) => {
  const http = await fakeHttp()
  const listener = new HttpListener(http)
  t.teardown(() => listener.close())
  const port = Number((await listener.listen(at('localhost:0'))).split(':')[1])
  const answer = (request: string): Promise<string> =>
    new Promise((resolve) => {
      let text = ''
      const socket = connect({ host: '::1', port })
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
      })
      socket.on('close', () => resolve(text))
      socket.end(request)
    })
  t.match(await answer('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /fake/)
  http.server.on('clientError', (_, socket) => socket.end('no HTTP'))
  t.equal(await answer('?\r\n\r\n'), 'no HTTP')
})
