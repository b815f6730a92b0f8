import type { Used } from './google.ts';

/** Prints what was needed and allowed: permission by permission, with the role that has it and the last call. */
export function printTable(used: readonly Used[]): void {
  const rows = new Map<string, string>();
  for (const { member, method, permission, role } of used) {
    if (role !== undefined) rows.set(`${member} | ${permission} | ${role}`, method);
  }
  const table = [...rows].map(([row, method]) => `${row} | ${method}`).toSorted();
  process.stdout.write(`member | permission | role | last call\n${table.join('\n')}\n`);
}
