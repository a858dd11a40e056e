// Options that several commands have.
import { Option } from 'commander'

const defaultHttp = '127.0.0.1:7680'

/** For an option that may be repeated. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [
  ...before,
  value
]

export const nodeOption = (): Option =>
  new Option(
    '--node <host:port>',
    'HTTP address of any node, also as user:password@host:port; https:// before it implies --tls'
  )
    .default(defaultHttp)
    // As the table of `holdfast dev` shows it, to click on.
    .argParser((value) => value.replace(/^(?:http:\/\/)?((?:https:\/\/)?[^/]+)\/?$/, '$1'))

export const jsonOption = (): Option => new Option('--json', 'print JSON for programs')

export const vhostOption = (): Option => new Option('--vhost <name>', 'virtual host').default('/')
