import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';
import * as z from 'zod';
import { readProtos } from '../carried-files.ts';

const options = { longs: String, enums: String, defaults: true };

/** The services of google.pubsub.v1, as Google's own client carries them. */
export const services: readonly ServiceDefinition[] = Object.values(
  fromJSON(JSON.parse(readProtos()), options),
).filter((definition): definition is ServiceDefinition => !('format' in definition));

/** How REST calls a method; the group of `path` is the value of `field` (`topic`, `subscription.name`). */
interface Route {
  method: string;
  verb: string;
  path: RegExp;
  field: string;
}

const httpRule = z.record(z.string(), z.string());
const TEMPLATE = /^(.*)\{([a-z.]+)=(.*)\}(.*)$/;

/** The routes that the methods' own `google.api.http` names, such as `/v1/{topic=projects/*\/topics/*}:publish`. */
export const routes: readonly Route[] = services.flatMap((service) =>
  Object.entries(service).flatMap(([method, definition]) => {
    const { body: _, ...rule } = httpRule.parse(definition.options['(google.api.http)'] ?? {});
    return Object.entries(rule).map(([verb, template]) => {
      const [, before, field = '', name = '', after] = TEMPLATE.exec(template) ?? [];
      const path = new RegExp(`^${before}(${name.replaceAll('*', '[^/]+')})${after}$`);
      return { method, verb: verb.toUpperCase(), path, field };
    });
  }),
);
