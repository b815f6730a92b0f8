import { CountersignError } from '#shared/core/errors.ts';
import type { Fleet, Member } from '#shared/fleet/fleet.ts';

/**
 * The member that a caller means: by its full name, or by its id where only one has that. Throws `cluster-not-found`,
 * `bad-request` where several have it.
 */
export async function findCluster(
  name: string,
  fleet: Pick<Fleet, 'find' | 'list'>,
): Promise<Member> {
  const member = await fleet.find(name);
  if (member !== undefined) return member;
  const { members } = await fleet.list();
  const [first, ...others] = members.filter(({ id }) => id === name);
  if (first === undefined) {
    throw new CountersignError('cluster-not-found', 'No cluster of the fleet has this name');
  }
  if (others.length === 0) return first;
  throw new CountersignError(
    'bad-request',
    'Several clusters have this id: write the full membership name',
  );
}
