import { MAX_REVIEW_BODY_BYTES as maxBodyBytes } from '#shared/http/limits.ts';
import type { ServeOptions } from '#shared/http/serve.ts';
import { readAdmissionStart, runMain } from '../wiring/base.ts';
import { refuseBody as refusal } from './review.ts';

await runMain('admission', {
  start: readAdmissionStart,
  open: async (start) => (await import('./open.ts')).openAdmission(start),
  async serve(served, { admission: { tls: files, port, host } }) {
    const options = { ...served, maxBodyBytes, refusal, port, host };
    if (files === undefined) return serveUnderFramework(options);
    const { serveTls } = await import('#shared/http/serve-tls.ts');
    return serveTls({ ...options, files });
  },
});

/** Plain HTTP, behind Cloud Run or on this machine. */
async function serveUnderFramework(options: ServeOptions): Promise<number> {
  const [{ serveFunction }, { functionsFramework: framework }] = await Promise.all([
    import('#shared/http/serve-function.ts'),
    import('#shared/http/framework.ts'),
  ]);
  return serveFunction({ ...options, name: 'admission', framework });
}
