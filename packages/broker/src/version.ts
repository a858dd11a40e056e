// Versions of the machines (architecture, A16). The active version is replicated: it starts at 1
// and is raised by a committed `activate-version`, proposed once every member supports it. A
// replica that meets a version it does not support halts its group rather than guess.

/** Highest machine version that this build supports. */
export const machineVersionSupported = 1

/** How the digests of machines are taken: those of one version can be compared. */
export const digestVersion = 2

/** Format of a metadata batch and of a single encoded command. */
export const metadataFormatVersion = 1

/** Format of the metadata snapshot: manifest and blobs. */
export const metadataSnapshotVersion = 2
