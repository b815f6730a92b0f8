import { createTwoFilesPatch } from 'diff';
import type { ExitCode } from '../terminal.ts';
import type { Placed, PlacedCluster } from './place-gate.ts';

/** A line for each object of each cluster, and why one could not be had. */
export function placedLines(placed: readonly PlacedCluster[], dryRun: boolean): readonly string[] {
  const suffix = dryRun ? ' (dry run)' : '';
  return placed.flatMap(({ cluster, objects, failure }) => [
    ...objects.map(({ object, change }) => `${cluster}  ${object} ${change}${suffix}`),
    ...(failure === undefined ? [] : [`${cluster}  ${failure.message} (${failure.code})`]),
  ]);
}

/** What would change, as `diff -u` shows it; clusters in which nothing would are left out. */
export function diffLines(placed: readonly PlacedCluster[]): readonly string[] {
  return placed.flatMap(({ cluster, objects, failure }) => [
    ...objects.flatMap((object) => patchOf(cluster, object)),
    ...(failure === undefined ? [] : [`${cluster}  ${failure.message} (${failure.code})`]),
  ]);
}

function patchOf(
  cluster: string,
  { object, change, before = '', after }: Placed,
): readonly string[] {
  if (change === 'unchanged') return [];
  const names = [`${cluster}/${object}`, `${cluster}/${object} (rendered)`] as const;
  return createTwoFilesPatch(...names, before, after)
    .split('\n')
    .slice(1, -1);
}

/** 2 where a cluster could not be reached or refused; of a diff 1 where anything would change. */
export function placedCode(placed: readonly PlacedCluster[], asked: 'apply' | 'diff'): ExitCode {
  if (placed.some(({ failure }) => failure !== undefined)) return 2;
  const changes = placed.some(({ objects }) =>
    objects.some(({ change }) => change !== 'unchanged'),
  );
  return asked === 'diff' && changes ? 1 : 0;
}
