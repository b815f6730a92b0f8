// Imports what brings all of zod with it; bundled by bundle.test.ts.
import { OpenAPIHono, z } from '@hono/zod-openapi';

const app = new OpenAPIHono();
process.stdout.write(`${typeof app.doc31} ${typeof z.object}\n`);
