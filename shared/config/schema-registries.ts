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
    host: host.describe(
      'Host and port as in image references; nothing else is dialled with these settings',
    ),
    realms: z
      .array(host.describe('Host of a token server'))
      .max(MAX_REALMS)
      .exactOptional()
      .meta({
        description:
          'Hosts, besides its own, that may be given its credentials when it sends us there for a token',
        examples: [['auth.registry.acme.example']],
      }),
    plainHttp: z
      .boolean()
      .default(false)
      .describe('Speak HTTP without TLS to this host (default false)'),
    auth: z
      .enum(['none', 'google', 'dockerConfig'])
      .default('none')
      .describe(
        'none (default), google: a Google access token, dockerConfig: as docker login left it',
      ),
    ca: textSchema.exactOptional().meta({
      description:
        "Path of a PEM file, relative to this file: the certificates that this host and its realms are verified by, in place of Node's own (default). Read again when it changes. Config Sync has its own setting, spec.oci.caCertSecretRef",
      examples: ['./private-ca.pem'],
    }),
    proxy: textLike(PROXY, 'Is neither http://HOST:PORT, https://HOST:PORT nor none')
      .exactOptional()
      .meta({
        description:
          'The proxy by which this host and its realms are reached, or none; without it the one of HTTPS_PROXY, unless NO_PROXY names the host',
        examples: ['http://proxy.acme.example:3128'],
      }),
    referrers: z
      .enum(['auto', 'tag'])
      .exactOptional()
      .describe(
        'Where bundles are looked for (default auto): by the referrers API and the fallback tag, or with tag by the fallback tag alone, for a registry without the API that answers it with 401, 403, 429 or 5xx',
      ),
  })
  .superRefine(finding(credentials), ALWAYS)
  .describe('A registry other than Artifact Registry, or one of its hosts said explicitly');

/** Registries that may be spoken to beside Google's own. */
export const registriesSchema = z
  .array(registry)
  .max(MAX_REGISTRIES)
  .superRefine(finding(distinct('host', 'Keep one entry for each host')), ALWAYS)
  .prefault([])
  .describe(
    'Registries beside *.pkg.dev and gcr.io, which need no entry; hosts without an entry are refused',
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
