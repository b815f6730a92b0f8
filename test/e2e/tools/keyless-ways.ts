/** A way in which a real cosign signs with a certificate of the local sigstore, and how cosign verifies that. */
export interface KeylessWay {
  readonly way: string;
  readonly cosign: 'cosign2' | 'cosign3';
  /** Of `sign` and `attest`, beside the identity. */
  readonly flags: readonly string[];
  /** Of `verify` and `verify-attestation`. */
  readonly verify: readonly string[];
  readonly isBundle: boolean;
  /** What proves when it was signed. */
  readonly proof: 'log' | 'log and stamp' | 'stamp' | 'nothing';
}

/** Where the services are. */
export interface ServiceUrls {
  readonly fulcioUrl: string;
  readonly rekor1Url: string;
  readonly timestampUrl: string;
}

const STAMPED = ['--use-signed-timestamps'];
const UNLOGGED = ['--insecure-ignore-tlog=true'];

/** Signing configs, by file: which Rekor, and whether there is a stamp. */
export const SIGNING_CONFIGS = [
  { file: 'rekor1.json', rekor: 1, stamped: false },
  { file: 'rekor1-stamped.json', rekor: 1, stamped: true },
  { file: 'rekor2-stamped.json', rekor: 2, stamped: true },
  { file: 'stamped.json', rekor: 'none', stamped: true },
  { file: 'nothing.json', rekor: 'none', stamped: false },
] as const;

/** Every way that cosign 2 and 3 have, by the files of `SIGNING_CONFIGS`, `root.json` and the services' URLs. */
export function keylessWays({
  fulcioUrl,
  rekor1Url,
  timestampUrl,
}: ServiceUrls): readonly KeylessWay[] {
  const urls = [`--fulcio-url=${fulcioUrl}`, `--rekor-url=${rekor1Url}`];
  const stamp = `--timestamp-server-url=${timestampUrl}`;
  const unlogged = '--tlog-upload=false';
  const proofs = [
    { proof: 'log', flags: [], verify: [] },
    { proof: 'log and stamp', flags: [stamp], verify: STAMPED },
    { proof: 'stamp', flags: [stamp, unlogged], verify: [...STAMPED, ...UNLOGGED] },
    { proof: 'nothing', flags: [unlogged], verify: UNLOGGED },
  ] as const;
  const forms = [
    { form: 'cosign 2, legacy', cosign: 'cosign2', isBundle: false, own: [] },
    { form: 'cosign 2, bundle', cosign: 'cosign2', isBundle: true, own: [] },
    {
      form: 'cosign 3, legacy',
      cosign: 'cosign3',
      isBundle: false,
      own: ['--use-signing-config=false'],
    },
    {
      form: 'cosign 3, bundle',
      cosign: 'cosign3',
      isBundle: true,
      own: ['--use-signing-config=false'],
    },
  ] as const;
  const byUrl = forms.flatMap(({ form, cosign, isBundle, own }) =>
    proofs.map(({ proof, flags, verify }) => ({
      way: `${form}, ${proof}`,
      cosign,
      flags: [...urls, ...own, `--new-bundle-format=${isBundle}`, ...flags],
      verify,
      isBundle,
      proof,
    })),
  );
  const byConfig = SIGNING_CONFIGS.map(({ file, rekor, stamped }): KeylessWay => {
    const isLogged = rekor !== 'none';
    const logged = stamped ? 'log and stamp' : 'log';
    const unproved = stamped ? 'stamp' : 'nothing';
    return {
      way: `cosign 3, signing config ${file}`,
      cosign: 'cosign3',
      flags: [`--signing-config=${file}`, '--trusted-root=root.json'],
      verify: [...(stamped ? STAMPED : []), ...(isLogged ? [] : UNLOGGED)],
      isBundle: true,
      proof: isLogged ? logged : unproved,
    };
  });
  return [...byUrl, ...byConfig];
}
