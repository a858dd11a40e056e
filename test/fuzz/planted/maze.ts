// Code with defects that only a path of small steps leads to: what the fuzzer is tried on.

/** Fails for inputs that begin with four certain bytes, of which each opens a block of its own. */
export function maze(input: Uint8Array): void {
  if (input[0] !== 0x48) return
  if (input[1] !== 0x4f) return
  if (input[2] !== 0x4c) return
  if (input[3] === 0x44) throw new TypeError('the end of the maze')
}

/** Takes its time for a byte above 250. */
export function trap(input: Uint8Array): void {
  if ((input[0] ?? 0) <= 250) return
  const untilMs = performance.now() + 150
  while (performance.now() < untilMs);
}

const kept: Uint8Array[] = []

/** Keeps 1 KiB for every input. */
export function leak(): void {
  kept.push(new Uint8Array(1024))
}
