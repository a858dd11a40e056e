// The bytes of a configuration entry. Own and tiny, because Raft itself must read it on every
// replica, at recovery, and in every later version.
//
//   configuration := version:u8=1 voters:list outgoing:list learners:list
//   list          := count:u16be replica:u64be*
//
// Bytes that do not decode are damage that passed the checksums of the store: the group must halt.
import { assert } from '@holdfast/errors'
import { assertConfiguration } from './configuration.ts'
import type { Configuration, ReplicaId } from './entry.ts'
import { configurationMembersMax } from './limits.ts'

const version = 1
const replicaBytes = 8

/** @throws AssertionError if the configuration breaks what its type says. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  assertConfiguration(configuration)
  const lists = [configuration.voters, configuration.outgoing, configuration.learners]
  const bytes = new Uint8Array(lists.reduce((sum, list) => sum + 2 + list.length * replicaBytes, 1))
  const view = new DataView(bytes.buffer)
  view.setUint8(0, version)
  let position = 1
  for (const list of lists) {
    assert(
      list.length <= configurationMembersMax,
      'a configuration has a bounded number of members'
    )
    view.setUint16(position, list.length)
    position += 2
    for (const replica of list) {
      view.setBigUint64(position, BigInt(replica))
      position += replicaBytes
    }
  }
  return bytes
}

/** @throws AssertionError on anything that `encodeConfiguration` does not produce. */
export function decodeConfiguration(bytes: Uint8Array): Configuration {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  assert(bytes.byteLength > 0, 'a configuration is not empty')
  assert(view.getUint8(0) === version, 'the version of a configuration is known')
  let position = 1
  const readList = (): readonly ReplicaId[] => {
    assert(position + 2 <= bytes.byteLength, 'a list of a configuration has a count')
    const count = view.getUint16(position)
    assert(count <= configurationMembersMax, 'a configuration has a bounded number of members')
    position += 2
    assert(position + count * replicaBytes <= bytes.byteLength, 'a list lies within its entry')
    const list: ReplicaId[] = []
    for (let at = 0; at < count; at++) {
      list.push(Number(view.getBigUint64(position)))
      position += replicaBytes
    }
    return list
  }
  const configuration = { voters: readList(), outgoing: readList(), learners: readList() }
  assert(position === bytes.byteLength, 'nothing follows a configuration')
  assertConfiguration(configuration)
  return configuration
}
