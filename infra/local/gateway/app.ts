import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { type GatewayDeps, addGatewayRoutes } from './gateway-routes.ts';
import { GoogleError } from './google-error.ts';
import { addHubRoutes } from './hub-routes.ts';

export type GatewayEnv = { Bindings: HttpBindings };

/** GKE Hub, Connect Gateway and what of Resource Manager they need: one server for all their hosts. */
export function createGatewayApp(deps: GatewayDeps): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  addHubRoutes(app, deps);
  addGatewayRoutes(app, deps);
  app.notFound(() => new GoogleError('NOT_FOUND', 'Method not found').toResponse());
  app.onError((error) =>
    error instanceof GoogleError
      ? error.toResponse()
      : new GoogleError('INTERNAL', 'Internal error').toResponse(),
  );
  return app;
}
