import { fromJSON, type ServiceDefinition } from '@grpc/proto-loader';
import protobuf from 'protobufjs';
import * as z from 'zod';
import { readProtos } from '../carried-files.ts';

const protos: protobuf.INamespace = JSON.parse(readProtos());
const options = { longs: String, enums: String, defaults: true };

/** The services of google.pubsub.v1, as Google's own client carries them. */
export const services: readonly ServiceDefinition[] = Object.values(
  fromJSON(protos, options),
).filter((definition): definition is ServiceDefinition => !('format' in definition));

/** How REST calls a method; the group of `path` is the value of `field` (`topic`, `subscription.name`). */
interface Route {
  method: string;
  verb: string;
  path: RegExp;
  field: string;
  request: protobuf.Type;
}

const root = protobuf.Root.fromJSON(protos);

/** Of a method by its path: `/google.pubsub.v1.Publisher/Publish`. */
function requestOf(path: string): protobuf.Type {
  const [, service = '', method = ''] = path.split('/');
  const found = root.lookupService(service).methods[method];
  found?.resolve();
  if (!found?.resolvedRequestType) throw new Error(`The protos have no request of ${path}`);
  return found.resolvedRequestType;
}

const httpRule = z.record(z.string(), z.string());
const TEMPLATE = /^(.*)\{([a-z.]+)=(.*)\}(.*)$/;

/** The routes that the methods' own `google.api.http` names, such as `/v1/{topic=projects/*\/topics/*}:publish`. */
export const routes: readonly Route[] = services.flatMap((service) =>
  Object.entries(service).flatMap(([method, definition]) => {
    const { body: _, ...rule } = httpRule.parse(definition.options['(google.api.http)'] ?? {});
    const request = requestOf(definition.path);
    return Object.entries(rule).map(([verb, template]) => {
      const [, before, field = '', name = '', after] = TEMPLATE.exec(template) ?? [];
      const path = new RegExp(`^${before}(${name.replaceAll('*', '[^/]+')})${after}$`);
      return { method, verb: verb.toUpperCase(), path, field, request };
    });
  }),
);
