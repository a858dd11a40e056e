// The names of faults in a history that are none of those that are done to the cluster: they end
// others, tell that all is well, or are trouble of the machine.

const endings: ReadonlySet<string> = new Set([
  ...['restart', 'resume', 'reconnected', 'disk-free', 'descriptors-free', 'resume-consumer'],
  ...['clock-back', 'disk-well', 'healed']
])

export function isEnding(fault: string): boolean {
  return endings.has(fault)
}

/** Nothing was done to the cluster: the machine that carries it had trouble. */
export function isOfMachine(fault: string): boolean {
  return fault.startsWith('machine-')
}
