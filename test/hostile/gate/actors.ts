import { account, identity, oncall, root } from '#test/fixtures/gate/case.ts';

/** May write RepoSyncs of his namespace, and push images. */
export const tenant = 'tenant@acme.example';
/** A cluster administrator in a hurry. */
export const admin = 'admin@acme.example';
/** Config Sync's own controller. */
export const manager = `${account}reconciler-manager`;
/** Of RepoSync `repo-sync` in team-a. */
export const teamA = `${account}ns-reconciler-team-a`;
export { account, identity, oncall, root };
