// `holdfast recover`: of a damaged data directory, makes one that can be used, and tells what is
// lost. It works on the directory of a node that is stopped: what is lost must not change while it
// is looked at, and the node may be unable to run.
import { HoldfastError } from '@holdfast/errors'
import { recoverData } from '@holdfast/server'
import type { Terminal } from '../terminal.ts'

export interface RecoverOptions {
  readonly data: string
  readonly acceptLoss?: boolean
  readonly json?: boolean
}

type Report = Awaited<ReturnType<typeof recoverData>>
type Loss = Report['losses'][number]

export async function recover(options: RecoverOptions, terminal: Terminal): Promise<void> {
  if (options.acceptLoss !== true) {
    const reason =
      'what cannot be read may be on other nodes: they come first. Give --accept-loss if they ' +
      'are lost for good'
    throw new HoldfastError('OPTION_INVALID', { kind: 'recovery', option: 'accept-loss', reason })
  }
  const report = await recoverData(options.data)
  if (options.json === true) terminal.print(JSON.stringify(report))
  else for (const line of describeReport(report)) terminal.print(line)
}

export function describeReport({ directory, aside, losses, kept }: Report): readonly string[] {
  const lines = [
    `recovered ${directory}: ${kept.length} groups`,
    `what was damaged is kept in ${aside}`
  ]
  if (losses.length === 0) lines.push('nothing is lost')
  for (const loss of losses) lines.push(...describeLoss(loss))
  if (losses.length > 0) lines.push('What another node has of this comes back when both run.')
  return lines
}

function describeLoss(loss: Loss): readonly string[] {
  const { group, isWhole, lastIndex, lost, commit, damaged, damagedMessages } = loss
  const lines: string[] = []
  if (isWhole) lines.push(`group ${group}: all of it is lost`)
  if (lost !== null) {
    const committed = Math.min(commit, lost.last)
    const known =
      committed >= lost.first ? `committed up to ${committed} at least` : 'none known as committed'
    const kept = isWhole ? '' : `, kept up to ${lastIndex}`
    lines.push(`group ${group}: entries ${lost.first} to ${lost.last} are lost (${known})${kept}`)
  }
  if (damaged.length > 0) {
    const messages = damagedMessages === null ? '' : ` with ${damagedMessages} messages`
    lines.push(`group ${group}: entries ${damaged.join(', ')} are damaged${messages}`)
  }
  return lines
}
