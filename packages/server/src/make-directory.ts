// Makes the directory that holds the data of a node, or of a development cluster.
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { HoldfastError } from '@holdfast/errors'

/** Makes the directory, and those above it. @throws DATA_DIRECTORY_UNUSABLE */
export function makeDirectory(directory: string): void {
  try {
    make(resolve(directory))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new HoldfastError('DATA_DIRECTORY_UNUSABLE', { directory, reason })
  }
}

/**
 * Step by step: `mkdirSync` of Node with `recursive` tries for ever, deaf to signals, where a file
 * system says 'no such file' of a directory that it does not want, as /proc does.
 */
function make(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  make(dirname(path))
  mkdirSync(path, { mode: 0o700 })
  sync(dirname(path))
}

/** Makes the names in a directory durable: a power cut must not take what will be synced below. */
function sync(path: string): void {
  const directory = openSync(path, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
