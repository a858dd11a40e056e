// The only file that knows every implementation.
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createAdminServer } from '@holdfast/admin'
import { liveMessages, Member } from '@holdfast/cluster'
import { ServerFrameWriter } from '@holdfast/protocol'
import {
  condemn,
  openStore,
  quarantine,
  type RecoveryReport,
  Reserve,
  recoverDirectory,
  type Salvage,
  salvage
} from '@holdfast/storage'
import type { Configuration } from './config-schema.ts'
import { httpSecurity } from './listeners/http-security.ts'
import type { Log } from './logger.ts'
import type { NodeParts } from './node-parts.ts'
import type { SalvagedData } from './open-data.ts'
import { version } from './version.ts'

const writeBufferBytesMin = 2 * 1024 * 1024

/** Up to a quarter less than the setting, so that nodes do not fill their buffers in step. */
function jittered(bytes: number): number {
  return Math.max(writeBufferBytesMin, bytes - randomInt(Math.floor(bytes / 4)))
}

export function composeNode(configuration: Configuration, log: Log): NodeParts {
  return {
    storage: {
      open: (directory) =>
        openStore({
          directory,
          writeBufferSizeBytes: jittered(configuration.writeBufferBytes),
          log
        }),
      salvage: async (directory) => salvagedData(await salvage(directory)),
      condemn,
      quarantine,
      reserve: (directory) => new Reserve(directory)
    },
    createMember: ({ store, processEpoch, addresses, bootstrap }) =>
      new Member(
        {
          processEpoch,
          startedMs: Date.now(),
          addresses,
          bootstrap,
          amqpIdentity: configuration.amqpIdentity,
          random: () => randomInt(2 ** 32) / 2 ** 32,
          checksum: (bytes: Uint8Array) => crc32(bytes)
        },
        store.recovered
      ),
    createHttp: (port, httpLog, tls) =>
      createAdminServer({
        port,
        version,
        log: httpLog,
        security: httpSecurity(configuration, tls),
        arePeersSecured: tls.peers !== null,
        certificates: () => tls.certificates
      }),
    refusal: (error) => {
      const writer = new ServerFrameWriter()
      writer.closing(error.toWire())
      return Buffer.concat([...writer.take()])
    }
  }
}

/** A replica that has nothing, and has lost nothing, is no loss. */
function salvagedData({ identity, peers, groups, store }: Salvage): SalvagedData {
  const held = groups?.filter(({ kept, lost }) => kept?.lastIndex !== 0 || lost !== null) ?? null
  const known = held?.map(({ group, configuration, kept }) => {
    return { group, configuration, commit: kept?.hardState.commit ?? 0 }
  })
  return { identity, peers, groups: known ?? null, store }
}

/**
 * Makes a damaged data directory one that can be used, and tells what is lost.
 * @throws DATA_UNRECOVERABLE, DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
 */
export function recoverData(directory: string): Promise<RecoveryReport> {
  return recoverDirectory(directory, liveMessages)
}
