// Loaded into the nodes of a chaos run before anything else (NODE_OPTIONS --import): on SIGUSR2 a
// node writes what the machines of its replicas have become, as hashes, to a file; null where no
// member has taken a step that this could see. The product itself is as it is built.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Input, Member, type Output } from '@holdfast/cluster'

// biome-ignore lint/style/noProcessEnv: handed down by the test that starts the node.
const directory = process.env['CHAOS_AUDIT_DIRECTORY'] ?? ''

const { step } = Member.prototype
let member: Member | null = null

Member.prototype.step = function (this: Member, inputs: readonly Input[]): readonly Output[] {
  member = this
  Member.prototype.step = step
  return step.call(this, inputs)
}

process.on('SIGUSR2', () => {
  const path = join(directory, `${process.pid}.json`)
  writeFileSync(`${path}.part`, JSON.stringify(member?.machineHashes() ?? null))
  renameSync(`${path}.part`, path)
})
