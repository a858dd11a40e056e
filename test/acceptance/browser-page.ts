// A page in headless Chromium that uses the SDK over WebSocket: bundles the SDK for browsers with
// esbuild, serves the page from loopback, and runs a publish and consume in it by playwright-core.
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { repositoryRoot } from '@holdfast/testkit'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const chromiumPaths: readonly string[] = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome'
]

/** Where Chromium is installed; null if it is not. */
export function findChromium(): string | null {
  return chromiumPaths.find((path) => existsSync(path)) ?? null
}

export interface BrowserResult {
  readonly confirmed: number
  readonly received: number
  readonly isEqual: boolean
  readonly milliseconds: number
  /** Modules of Node that the bundle asks for; there should be none. */
  readonly nodeModules: readonly string[]
}

/** The script of the page. */
const pageSource = `
import { connect } from '@holdfast/client'
globalThis.runHoldfast = async (address, messages) => {
  const startMs = performance.now()
  const connection = await connect([address])
  await connection.declareQueue('browser')
  const text = (at) => 'message ' + at + ' € ' + 'x'.repeat(at % 2000)
  const encoder = new TextEncoder()
  const publishes = []
  for (let at = 0; at < messages; at += 1) {
    const options = { messageId: 'm-' + at }
    publishes.push(connection.publish('', 'browser', encoder.encode(text(at)), options))
  }
  await Promise.all(publishes)
  const consumer = await connection.consume('browser', { prefetch: 100 })
  const decoder = new TextDecoder()
  let received = 0
  let isEqual = true
  for await (const delivery of consumer) {
    if (decoder.decode(delivery.body) !== text(received)) isEqual = false
    if (delivery.properties?.messageId !== 'm-' + received) isEqual = false
    if (delivery.redelivered) isEqual = false
    received += 1
    delivery.ack()
    if (received === messages) break
  }
  await consumer.settled()
  await connection.close()
  const milliseconds = performance.now() - startMs
  return { confirmed: publishes.length, received, isEqual, milliseconds }
}
`

/** The SDK and the page as one script. */
export async function bundleForBrowser(): Promise<{ text: string; nodeModules: string[] }> {
  const result = await build({
    stdin: { contents: pageSource, resolveDir: repositoryRoot, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    metafile: true,
    logLevel: 'silent',
    external: ['node:*']
  })
  const inputs = Object.values(result.metafile.inputs)
  const imports = inputs.flatMap((input) => input.imports.map((one) => one.path))
  const nodeModules = imports.filter((path) => path.startsWith('node:'))
  return { text: result.outputFiles[0]?.text ?? '', nodeModules }
}

function serve(script: string): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/page.js') {
      response.setHeader('content-type', 'text/javascript')
      response.end(script)
    } else {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><script type="module" src="/page.js"></script>')
    }
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** @throws Error if Chromium is not installed, or with what the page said. */
export async function runInBrowser(http: string, messages: number): Promise<BrowserResult> {
  const executablePath = findChromium()
  if (executablePath === null) throw new Error(`no Chromium at ${chromiumPaths.join(', ')}`)
  const { text, nodeModules } = await bundleForBrowser()
  const server = await serve(text)
  const { port } = server.address() as AddressInfo
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const said: string[] = []
    page.on('console', (message) => said.push(message.text()))
    page.on('pageerror', (error) => said.push(error.message))
    await page.goto(`http://127.0.0.1:${port}/`)
    const call = `(async () => {
      for (let tries = 0; globalThis.runHoldfast === undefined && tries < 500; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return globalThis.runHoldfast('ws://${http}/v1/connect', ${messages})
    })()`
    try {
      const result = (await page.evaluate(call)) as Omit<BrowserResult, 'nodeModules'>
      return { ...result, nodeModules }
    } catch (error) {
      throw new Error(`the page failed: ${said.join('\n')}`, { cause: error })
    }
  } finally {
    await browser.close()
    server.close()
  }
}
