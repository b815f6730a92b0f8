import * as z from 'zod';
import { ALWAYS, type Check, distinct, fieldOf, finding, parsed } from './check.ts';
import type { Fault } from './problem.ts';
import { isGoogleHost } from '#shared/core/google-host.ts';
import { normaliseHost } from './image-rules.ts';
import { MAX_REALMS, MAX_REGISTRIES, MAX_TEXT } from './limits.ts';

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
