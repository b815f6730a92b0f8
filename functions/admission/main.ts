import { MAX_REVIEW_BODY_BYTES } from '#shared/http/limits.ts';
import { openLater } from '#shared/http/open-later.ts';
import type { ServeOptions } from '#shared/http/serve-function.ts';
import { readAdmissionStart, run } from '../wiring/base.ts';
import { refuseBody } from './refuse-body.ts';

await run('admission', async () => {
  const start = await readAdmissionStart();
  const { admission, log, telemetry } = start;
  const open = async () => (await import('./open.ts')).openAdmission(start);
  const late = openLater({ open, log, process });
  const shared = {
    app: late.app,
    log,
    maxBodyBytes: MAX_REVIEW_BODY_BYTES,
    refusal: refuseBody,
    process,
    async close() {
      await late.close();
      await telemetry.close();
    },
  };
  const { tls, port, host } = admission;
  if (tls === undefined) await serveUnderFramework({ ...shared, port, host });
  else {
    const { serveTls } = await import('#shared/http/serve-tls.ts');
    await serveTls({ ...shared, port, host, files: tls });
  }
  late.openSoon();
});

/** Plain HTTP, behind Cloud Run or on this machine. */
async function serveUnderFramework(
  options: Omit<ServeOptions, 'name' | 'framework'>,
): Promise<void> {
  const [{ serveFunction }, { functionsFramework: framework }] = await Promise.all([
    import('#shared/http/serve-function.ts'),
    import('#shared/http/framework.ts'),
  ]);
  await serveFunction({ ...options, name: 'admission', framework });
}
