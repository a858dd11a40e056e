// docs/migrating-from-rabbitmq.md: its programs are taken out of the page and run, each in its
// language, against a cluster of three nodes; and definitions that RabbitMQ exported are imported
// by the command that stands there.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClusterProcess, repositoryRoot, temporaryDirectory } from '@holdfast/testkit'
import { connect } from 'amqplib'
import t, { type Test } from 'tap'
import { read } from '../tidy/workspace.ts'
import { ClientProgram } from './client-program.ts'
import { goPackages, hasPackages, pikaPackages, python } from './debian-packages.ts'
import { buildGoProgram } from './go-build.ts'
import { exportedDefinitions } from './rabbitmq-definitions.ts'

t.setTimeout(280_000)

const page = read('docs/migrating-from-rabbitmq.md')

/** The programs of the page in a language. */
function programsIn(language: string): readonly string[] {
  const blocks = page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))
  return [...blocks].map(([, program = '']) => program)
}

/** The one program of the page in a language. */
function programIn(language: string): string {
  const [program = '', ...others] = programsIn(language)
  if (program === '' || others.length > 0) throw new Error(`one program in ${language}`)
  return program
}

t.test('the page about migrating', async (t) => {
  const directory = temporaryDirectory(t, 'migrating')
  const cluster = await ClusterProcess.start({ data: join(directory, 'data') })
  t.teardown(() => cluster.stop())
  const urls = cluster.nodes.map(({ amqp }) => `amqp://guest:guest@${amqp}`)
  const environment = { AMQP_URL: `${urls[1]}/`, AMQP_URLS: urls.join(' ') }

  await t.test('every example is run by a test here', async (t) => {
    const languages = [...page.matchAll(/^```(\w+)$/gm)].map(([, language]) => language)
    t.same(languages, ['sh', 'js', 'python', 'go'])
  })

  /** It gets what it published, and acknowledges it. */
  const runs = async (t: Test, command: readonly string[]): Promise<void> => {
    const program = new ClientProgram(t, command, { directory: repositoryRoot, environment })
    await program.says('got hello')
    t.equal(await program.ended, 0)
    const connection = await connect(`${urls[0]}`)
    const channel = await connection.createChannel()
    t.match(await channel.checkQueue('jobs'), { messageCount: 0, consumerCount: 0 })
    await connection.close()
  }

  await t.test('the program of Node', (t) =>
    runs(t, [process.execPath, '--input-type=module', '--eval', programIn('js')])
  )

  await t.test('the program of Python', async (t) => {
    if (hasPackages(t, pikaPackages)) await runs(t, [python, '-c', programIn('python')])
  })

  await t.test('the program of Go', async (t) => {
    if (!hasPackages(t, goPackages)) return
    const source = join(directory, 'jobs')
    mkdirSync(source)
    writeFileSync(join(source, 'main.go'), programIn('go'))
    const program = join(directory, 'jobs-program')
    await buildGoProgram(source, program)
    await runs(t, [program])
  })

  await t.test('definitions are imported, and what is not taken is named', async (t) => {
    const file = join(directory, 'definitions.json')
    writeFileSync(file, JSON.stringify(exportedDefinitions))
    const [exporting, importing = ''] = programIn('sh').trim().split('\n')
    t.equal(exporting, 'rabbitmqctl export_definitions definitions.json')
    const [node, program = '', ...places] = importing.split(' ')
    t.same(
      [node, ...places],
      ['node', 'definitions.json', 'http://127.0.0.1:7680', 'amqp://127.0.0.1:5672']
    )
    const [{ http, amqp } = { http: '', amqp: '' }] = cluster.nodes
    const command = [process.execPath, program, file, `http://${http}`, `amqp://${amqp}`]
    for (const time of ['once', 'again']) {
      const imported = new ClientProgram(t, command, { directory: repositoryRoot })
      t.equal(await imported.ended, 1, `${time}: some of it is not taken`)
      const refused = imported.lines.filter((line) => line.includes('NOT TAKEN'))
      t.match(refused, [
        /^user old: .*option 'hashing_algorithm'/,
        /^permissions of old in shop: .*no user 'old'/,
        /^shovel copies: /,
        /^exchange later: .*unknown exchange type 'x-delayed-message'/,
        /^queue short: .*option 'x-max-length'/,
        /^policy ha: .*no policies/
      ])
      t.equal(refused.length, 6)
      t.equal(imported.lines.length, 17, 'the rest is')
    }

    const ann = await connect(`amqp://ann:p%40ss@${cluster.nodes[2]?.amqp}/shop`)
    t.teardown(() => ann.close())
    const channel = await ann.createConfirmChannel()
    channel.publish('events', 'order.new', Buffer.from('to orders'))
    await channel.waitForConfirms()
    t.match(await channel.checkQueue('orders'), { messageCount: 1 })
    channel.on('error', () => undefined)
    await t.rejects(channel.assertQueue('not-hers'), { code: 403 })
  })
})
