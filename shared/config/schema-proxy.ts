import * as z from 'zod';
import { MAX_REALMS } from './limits.ts';
import { textLike } from './scalars.ts';

/** Credentials may stand before the host. By plain http: gRPC, by which Pub/Sub is asked, speaks no TLS to a proxy. */
const PROXY = /^http:\/\/[^\s/?#]+\/?$/;
const NO_ADDRESS = 'Is not http://HOST:PORT';
/** A range would be compared as a name, and match nothing. */
const EXCEPTION = /^[^\s,/*]+$/;

/** What the environment names by HTTPS_PROXY and NO_PROXY; it goes before these. */
export const proxySchema = z
  .strictObject({
    url: textLike(PROXY, NO_ADDRESS)
      .refine((url) => URL.canParse(url), NO_ADDRESS)
      .meta({
        description: 'Address of the proxy, http://HOST:PORT',
        examples: ['http://proxy.acme.example:3128'],
      }),
    except: z
      .array(
        textLike(EXCEPTION, 'Is neither a name, .SUFFIX nor an address').describe(
          'A host: its name, .SUFFIX for all below one, or its address; no range',
        ),
      )
      .max(MAX_REALMS)
      .default([])
      .meta({
        description:
          "Hosts that are reached without it, beside Google's metadata server and this machine",
        examples: [['.svc', '10.0.0.1']],
      }),
  })
  .describe(
    "The proxy by which everything is reached: Google's APIs and Pub/Sub, registries and clusters; in place of HTTPS_PROXY and NO_PROXY",
  );
