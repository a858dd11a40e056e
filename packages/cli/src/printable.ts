// A name may hold anything, also what would move the cursor of a terminal.

export function printable(name: string): string {
  return /^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(name) ? name : JSON.stringify(name)
}
