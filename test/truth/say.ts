import type { Deed, Step } from './deeds.ts';
import type { TruthPlan } from './plan.ts';

/** A step in plain words. */
export function sayStep(step: Step, plan: TruthPlan): string {
  const rough = step.rough ? ', while functions are killed and calls and messages fail' : '';
  const quiet = step.quiet ? ', until all is quiet' : '';
  return `${sayDeed(step.deed, plan)}; then ${sayTime(step.waitMs)}${quiet}${rough}`;
}

function sayDeed(deed: Deed, plan: TruthPlan): string {
  const image = 'image' in deed ? (plan.images[deed.image]?.reference ?? '') : '';
  const place = 'sync' in deed ? plan.places[deed.sync] : undefined;
  const sync = place === undefined ? '' : `${place.key} of ${shortOf(place.cluster)}`;
  const cluster = 'cluster' in deed ? shortOf(plan.clusters[deed.cluster]?.name ?? '') : '';
  switch (deed.does) {
    case 'push': {
      const content = deed.bad ? 'content that cannot be applied' : 'new content';
      const signed = {
        before: 'signed before its tag moves',
        later: 'not signed',
        'by another key': 'signed by a key that no policy names',
      };
      return `${content} is pushed to ${image}, ${signed[deed.signed]}`;
    }
    case 'sign':
      return `what ${image} names is signed by a key of the policy`;
    case 'attest':
      return `what ${image} names gets an attestation`;
    case 'move-back':
      return `${image} moves back to what it named before`;
    case 'delete-tag':
      return `the tag ${image} is deleted`;
    case 'mend-tag':
      return `the tag ${image} is made again as it was`;
    case 'unsign':
      return `the signatures of what ${image} names are deleted`;
    case 'recreate':
      return `${sync} is deleted and created again`;
    case 'break-glass':
      return `break-glass is set on ${sync} for what its tag names`;
    case 'mend-glass':
      return `break-glass is removed from ${sync}`;
    case 'wrong-spec':
      return `the spec of ${sync} is spoiled: Config Sync stalls`;
    case 'right-spec':
      return `the spec of ${sync} is corrected`;
    case 'stop-config-sync':
      return `Config Sync of ${cluster} stops`;
    case 'start-config-sync':
      return `Config Sync of ${cluster} starts again`;
    case 'cut-off':
      return `${cluster} cannot be reached`;
    case 'reconnect':
      return `${cluster} can be reached again`;
    case 'refuse':
      return `another webhook of ${cluster} refuses what Config Sync announces`;
    case 'refuse-no-more':
      return `no other webhook of ${cluster} refuses anything`;
    case 'policy':
      return `the policy becomes "${deed.policy}"`;
    case 'registry-out':
      return 'the registry does not answer';
    case 'registry-back':
      return 'the registry answers again';
    case 'lose-store':
      return 'the store is lost';
    case 'nothing':
      return 'nothing happens';
  }
}

/** `cluster-1` of a membership's name. */
export function shortOf(cluster: string): string {
  return cluster.slice(cluster.lastIndexOf('/') + 1);
}

function sayTime(milliseconds: number): string {
  if (milliseconds < 90_000) return `${(milliseconds / 1000).toFixed(1)} s pass`;
  return `${(milliseconds / 60_000).toFixed(0)} min pass`;
}
