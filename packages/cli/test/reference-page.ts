// docs/reference/cli.md, made from the program itself, so that it cannot say anything else.
import type { Command, Option } from 'commander'

const intro = `# The command line

\`npx holdfast COMMAND\`. This page is generated from the program; a test compares the two.

\`holdfast dev\` and \`holdfast server\` run until Ctrl-C; all other commands talk to a cluster that
runs. \`--node\` is the HTTP address of any node, \`--client\` the client address of one. With
\`--json\` a command prints JSON, one value a line, for programs. Results go to stdout, errors to
stderr: \`holdfast: what happened [CODE]\`, and what to do next.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused, or failed: the code of the error says why |
| 2 | wrong usage |
| 70 | a fault of the program itself |
`

const cell = (text: string): string => text.replaceAll('|', '\\|')

function defaultOf({ defaultValue, mandatory, required, optional, negate }: Option): string {
  const takesValue = mandatory || required || optional
  if (!takesValue || negate || defaultValue === undefined || defaultValue === '') return '–'
  if (Array.isArray(defaultValue)) return defaultValue.length === 0 ? '–' : defaultValue.join(' ')
  return String(defaultValue)
}

function section(command: Command, path: string): string {
  const lines = [`## ${path}`, '', sentence(command.description()), '']
  const args = command.registeredArguments.map((each) =>
    each.required ? ` <${each.name()}>` : ` [${each.name()}]`
  )
  lines.push('```', `${path}${args.join('')} [options]`, '```', '')
  const described = command.registeredArguments.filter(({ description }) => description !== '')
  for (const argument of described) {
    lines.push(`\`${argument.name()}\`: ${argument.description}.`, '')
  }
  // The settings of a node are on a page of their own.
  if (path === 'holdfast server') {
    lines.push('Every setting is a flag: [configuration](configuration.md).', '')
    return lines.join('\n')
  }
  lines.push('| option | default | meaning |', '|---|---|---|')
  for (const option of command.options) {
    const { flags, description } = option
    lines.push(`| \`${cell(flags)}\` | ${cell(defaultOf(option))} | ${cell(description)} |`)
  }
  return `${lines.join('\n')}\n`
}

const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

/** The whole page. */
export function referencePage(program: Command): string {
  const parts = [intro]
  const visit = (command: Command, path: string): void => {
    if (command.commands.length === 0) parts.push(section(command, path))
    for (const each of command.commands) visit(each, `${path} ${each.name()}`)
  }
  for (const command of program.commands) visit(command, `holdfast ${command.name()}`)
  return `${parts.join('\n').trimEnd()}\n`
}
