import { readAdmissionEnv } from '#shared/http/admission-env.ts';
import { MAX_REVIEW_BODY_BYTES as maxBodyBytes } from '#shared/http/limits.ts';
import { processVariables, readStart, runMain } from '../wiring/start.ts';
import { refuseBody as refusal } from './review.ts';

await runMain('admission', {
  start: async () => ({
    ...(await readStart('admission')),
    admission: readAdmissionEnv(processVariables()),
  }),
  open: async (start) => (await import('./open.ts')).openAdmission(start),
  async serve(served, { admission: { tls: files, port, host } }) {
    const options = { ...served, maxBodyBytes, refusal, port, host };
    if (files === undefined) {
      // Plain HTTP, behind Cloud Run or on this machine.
      const { serveFunction } = await import('#shared/http/serve-function.ts');
      return serveFunction('admission', options);
    }
    const { serveTls } = await import('#shared/http/serve-tls.ts');
    return serveTls({ ...options, files });
  },
});
