import { readFile } from 'node:fs/promises';

export interface Usage {
  /** Of all its threads since it began, in milliseconds. */
  readonly cpuMs: number;
  /** The most memory that it ever had, in MiB. */
  readonly peakMiB: number;
  /** What it has now, in MiB. */
  readonly nowMiB: number;
}

/** Linux counts CPU in hundredths of a second (`getconf CLK_TCK`). */
const MS_PER_TICK = 10;
const KIB_PER_MIB = 1024;

/** What a process has used, from /proc: Linux only. */
export async function readUsage(pid: number): Promise<Usage> {
  const [stat, status] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ]);
  // The name in brackets may hold spaces; utime and stime are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const size = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) / KIB_PER_MIB;
  return { cpuMs: ticks * MS_PER_TICK, peakMiB: size('VmHWM'), nowMiB: size('VmRSS') };
}
