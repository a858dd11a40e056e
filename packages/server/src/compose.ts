// The only file that knows every implementation.
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { createAdminServer } from '@holdfast/admin'
import { Member } from '@holdfast/cluster'
import { ServerFrameWriter } from '@holdfast/protocol'
import { openStore, quarantine } from '@holdfast/storage'
import type { Configuration } from './config-schema.ts'
import type { Log } from './logger.ts'
import type { NodeParts } from './node-parts.ts'
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
      quarantine
    },
    createMember: ({ store, processEpoch, addresses, bootstrap }) =>
      new Member(
        {
          processEpoch,
          addresses,
          bootstrap,
          random: () => randomInt(2 ** 32) / 2 ** 32,
          checksum: (bytes: Uint8Array) => crc32(bytes)
        },
        store.recovered
      ),
    createHttp: (port, httpLog) => createAdminServer({ port, version, log: httpLog }),
    refusal: (error) => {
      const writer = new ServerFrameWriter()
      writer.closing(error.toWire())
      return Buffer.concat([...writer.take()])
    }
  }
}
