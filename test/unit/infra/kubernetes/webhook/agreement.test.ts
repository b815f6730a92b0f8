import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createAdmission } from '#functions/admission/create-admission.ts';
import { dropInOf } from '#functions/admission/drop-in.ts';
import { readAdmissionEnv } from '#shared/http/admission-env.ts';
import { createApp } from '#shared/http/app.ts';
import { readEnv } from '#shared/http/env.ts';
import { createLogger } from '#shared/http/log.ts';
import { recordMeter } from '#test/fakes/telemetry.ts';
import {
  configurationSchema,
  deploymentSchema,
  readOne,
} from '#test/fixtures/webhook/manifest-schema.ts';
import { readManifests } from '#test/fixtures/webhook/read-manifests.ts';

const ROOT = join(import.meta.dirname, '../../../../..');
const { template } = readOne(deploymentSchema, 'base/deployment.yaml').spec;
const [container] = template.spec.containers;
const [webhook] = readOne(configurationSchema, 'configuration/webhook.yaml').webhooks;
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
const mounts = container.volumeMounts.map(({ mountPath }) => mountPath);
const KEY = readFileSync(join(ROOT, 'test/fixtures/config/release.pub'), 'utf8');

describe('the environment of the pods', () => {
  it('is what admission reads: HTTPS on every address, with the files that are mounted', () => {
    const { tls, cosignKey, host, port, configured } = readAdmissionEnv(env);
    expect({ host, port, configured }).toEqual({
      host: '0.0.0.0',
      port: container.ports[0].containerPort,
      configured: false,
    });
    expect(tls).toEqual({ cert: `${mounts[0]}/tls.crt`, key: `${mounts[0]}/tls.key` });
    expect(cosignKey).toBe(`${mounts[1]}/cosign.pub`);
  });

  it('sets no variable that is not read', () => {
    const sources = ['shared/http/env.ts', 'shared/http/admission-env.ts'];
    const text = sources.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n');
    const unread = Object.keys(env).filter((name) => !text.includes(`  ${name}: z`));
    expect(unread).toEqual(['NODE_OPTIONS']);
  });

  it('takes back the config file that the image names, and config/ names it again', () => {
    const image = readFileSync(join(ROOT, 'infra/image/Dockerfile'), 'utf8');
    const path = /COUNTERSIGN_CONFIG=(\S+)/.exec(image)?.[1];
    expect(path).toBeDefined();
    expect(readEnv(env).configPath).not.toBe(path);
    const [component] = readManifests('config/kustomization.yaml');
    const { patches } = z
      .object({ patches: z.tuple([z.object({ patch: z.string() })]) })
      .parse(component?.value);
    expect(patches[0].patch).toContain(`{ name: COUNTERSIGN_CONFIG, value: ${path} }`);
  });

  it('runs the function whose name the image takes', () => {
    expect(container.args).toEqual(['admission']);
  });
});

describe('the paths', () => {
  const app = createApp({
    log: createLogger({ level: 'silent', service: 'x' }),
    ready: async () => {},
  });
  const metering = { ...recordMeter(), now: () => new Date(0) };
  const reviewing = () => {
    throw new Error('Not asked');
  };
  app.route('/', createAdmission({ reviewing, metering }));
  const routes = app.routes.map(({ method, path }) => `${method} ${path}`);

  it('of the webhook and of its central form are answered', () => {
    expect(routes).toContain(`POST ${webhook.clientConfig.service.path}`);
    expect(routes).toContain('POST /validate/:secret');
  });

  it.each(['startupProbe', 'readinessProbe', 'livenessProbe'])('of the %s is answered', (name) => {
    const { httpGet } = z
      .looseObject({ httpGet: z.looseObject({ path: z.string() }) })
      .parse(container[name]);
    expect(routes).toContain(`GET ${httpGet.path}`);
  });
});

describe('the times', () => {
  it('leave the server less than the API server waits, and that less than Config Sync does', () => {
    const { admission } = dropInOf('cosign.pub', KEY, []);
    const waits = webhook.timeoutSeconds * 1000;
    // spec.override.apiServerTimeout (docs/facts/config-sync.md#api).
    expect(waits).toBeLessThan(15_000);
    expect(admission.deadlineMs).toBeLessThan(waits);
  });
});
