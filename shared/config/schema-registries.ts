import * as z from 'zod';
import { ALWAYS, type Check, distinct, fieldOf, finding, parsed } from './check.ts';
import type { Fault } from './problem.ts';
import { isGoogleHost } from '#shared/core/google-host.ts';
import { normaliseHost } from './image-rules.ts';
import { MAX_REALMS, MAX_REGISTRIES, MAX_TEXT } from './limits.ts';
import { textLike, textSchema } from './scalars.ts';

/** Credentials may stand before the host. */
const PROXY = /^(?:none|https?:\/\/[^\s/?#]+\/?)$/;

const host = z
  .string()
  .max(MAX_TEXT)
  .meta({ examples: ['127.0.0.1:5000'] })
  .transform(
    parsed((text): string | Fault => {
      const fix = 'Write a host, with its port if it has one, and nothing else';
      return normaliseHost(text) ?? { problem: 'Is not a registry host', fix };
    }),
  );

const registry = z
  .strictObject({
    host: host.describe('Host and port, as in image references'),
    realms: z
      .array(host.describe('Host of a token server'))
      .max(MAX_REALMS)
      .exactOptional()
      .meta({
        description:
          'Other hosts that may get its credentials, if it names them as its token server',
        examples: [['auth.registry.acme.example']],
      }),
    plainHttp: z
      .boolean()
      .default(false)
      .describe('Use HTTP without TLS for this host (default false)'),
    auth: z
      .enum(['none', 'google', 'dockerConfig'])
      .default('none')
      .describe(
        'none (default), google: a Google access token, dockerConfig: the credentials of docker login',
      ),
    ca: textSchema.exactOptional().meta({
      description:
        "Path of a PEM file: certificate authorities of this host and its realms, in place of Node's. Config Sync has its own, spec.oci.caCertSecretRef",
      examples: ['./private-ca.pem'],
    }),
    proxy: textLike(PROXY, 'Is neither http://HOST:PORT, https://HOST:PORT nor none')
      .exactOptional()
      .meta({
        description:
          'Proxy for this host and its realms, or none; without it that of HTTPS_PROXY, unless NO_PROXY names the host',
        examples: ['http://proxy.acme.example:3128'],
      }),
    referrers: z
      .enum(['auto', 'tag'])
      .exactOptional()
      .describe(
        'Where to look for bundles (default auto): in the referrers API and at the fallback tag; tag: at the fallback tag only, for a registry that answers the API with 401, 403, 429 or 5xx',
      ),
  })
  .superRefine(finding(credentials), ALWAYS)
  .describe('A registry other than Artifact Registry, or one of its hosts');

/** Registries that may be spoken to beside Google's own. */
export const registriesSchema = z
  .array(registry)
  .max(MAX_REGISTRIES)
  .superRefine(finding(distinct('host', 'Keep one entry for each host')), ALWAYS)
  .prefault([])
  .describe(
    'Registries other than *.pkg.dev and gcr.io, which need no entry; other hosts without an entry are refused',
  );

/** law 9: a Google token goes nowhere by accident, and never in the clear. */
function* credentials(value: unknown): ReturnType<Check> {
  if (fieldOf(value, 'plainHttp') === true && fieldOf(value, 'ca') !== undefined) {
    const fix = 'Remove one of ca and plainHttp';
    yield { path: ['ca'], kind: 'conflict', problem: 'Is of no use without TLS', fix };
  }
  const name = fieldOf(value, 'host');
  const auth = fieldOf(value, 'auth');
  const plain = fieldOf(value, 'plainHttp') === true;
  if (typeof name !== 'string') return;
  if (isGoogleHost(name) && auth !== 'google') {
    const fix = 'Write auth: google, or remove the entry';
    yield { path: ['auth'], kind: 'conflict', problem: 'Is not google, for a host of Google', fix };
  }
  if (plain && (isGoogleHost(name) || auth === 'google')) {
    const fix = 'Remove plainHttp, or use another auth on a host that is not Google';
    const problem = 'Would send a Google token without TLS';
    yield { path: ['plainHttp'], kind: 'conflict', problem, fix };
  }
}
