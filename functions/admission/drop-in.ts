import { readFile } from 'node:fs/promises';
import type { Config } from '#shared/config/config.ts';
import { hashPolicy } from '#shared/config/policy-hash.ts';
import { readPublicKey } from '#shared/config/public-key.ts';
import { CountersignError } from '#shared/core/errors.ts';
import type { TrustPolicy } from '#shared/core/policy.ts';

/** As much of a config as admission needs. */
export type AdmissionSettings = Pick<
  Config,
  'images' | 'registries' | 'trust' | 'unmatched' | 'admission'
>;

const POLICY = 'cosign-key';

/** The text of the file. Throws `bad-config`. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CountersignError('bad-config', `${path} cannot be read`, { cause });
  }
}

/**
 * The config that one public key stands for, as of the sample webhook: every image must be signed with it, in any of
 * cosign's formats, in a transparency log or not. `insecure` are registries that are asked by plain HTTP, and may be in
 * a private network. Throws `bad-config` where the text is no public key.
 */
export function dropInOf(
  path: string,
  text: string,
  insecure: readonly string[],
): AdmissionSettings {
  const key = readPublicKey(text);
  if ('problem' in key) {
    throw new CountersignError('bad-config', `${path}: ${key.problem}. ${key.fix}`);
  }
  const policy: Omit<TrustPolicy, 'hash'> = {
    name: POLICY,
    require: 1,
    authorities: [
      {
        type: 'key',
        name: 'cosign.pub',
        key: { pem: key.pem },
        transparencyLog: 'ignore',
        annotations: {},
      },
    ],
    format: 'any',
    attestations: [],
    allowUnsigned: false,
  };
  return {
    images: [{ match: '**', trust: POLICY, effect: 'gate', downgrade: 'warn' }],
    registries: insecure.map((host) => ({ host, plainHttp: true, auth: 'none' })),
    trust: { [POLICY]: { ...policy, hash: hashPolicy(policy) } },
    unmatched: 'deny',
    // As the schema of the config has it by default.
    admission: { mode: 'deny', unchanged: 'admit', staleForMs: 600_000, deadlineMs: 8_000 },
  };
}
