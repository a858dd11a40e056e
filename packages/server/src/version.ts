// The version of the product: that of this package, since all packages share one.
import { readFileSync } from 'node:fs'

function readVersion(): string {
  const path = new URL(import.meta.resolve('@holdfast/server/package.json'))
  const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const isManifest = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return isManifest ? String(manifest.version) : 'unknown'
}

export const version: string = readVersion()
