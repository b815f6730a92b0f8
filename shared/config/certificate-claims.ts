/**
 * Names for the certificate extensions in which Fulcio records what a CI system said of itself (Fulcio's "Sigstore
 * OID information"), so that a policy need not spell object identifiers.
 */
const FULCIO = '1.3.6.1.4.1.57264.1';

export const CLAIM_OIDS = {
  githubWorkflowTrigger: `${FULCIO}.2`,
  githubWorkflowSHA: `${FULCIO}.3`,
  githubWorkflowName: `${FULCIO}.4`,
  githubWorkflowRepository: `${FULCIO}.5`,
  githubWorkflowRef: `${FULCIO}.6`,
  buildSignerURI: `${FULCIO}.9`,
  buildSignerDigest: `${FULCIO}.10`,
  runnerEnvironment: `${FULCIO}.11`,
  sourceRepositoryURI: `${FULCIO}.12`,
  sourceRepositoryDigest: `${FULCIO}.13`,
  sourceRepositoryRef: `${FULCIO}.14`,
  sourceRepositoryIdentifier: `${FULCIO}.15`,
  sourceRepositoryOwnerURI: `${FULCIO}.16`,
  sourceRepositoryOwnerIdentifier: `${FULCIO}.17`,
  buildConfigURI: `${FULCIO}.18`,
  buildConfigDigest: `${FULCIO}.19`,
  buildTrigger: `${FULCIO}.20`,
  runInvocationURI: `${FULCIO}.21`,
  sourceRepositoryVisibilityAtSigning: `${FULCIO}.22`,
} as const;

const OID = /^[0-2](?:\.(?:0|[1-9][0-9]{0,17})){2,20}$/;

/** The object identifier behind a claim's name, or the identifier itself; undefined when it is neither. */
export function oidOfClaim(name: string): string | undefined {
  const known: Readonly<Record<string, string>> = CLAIM_OIDS;
  if (Object.hasOwn(known, name)) return known[name];
  return OID.test(name) ? name : undefined;
}
