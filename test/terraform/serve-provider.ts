import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithTests } from '#test/fixtures/end-with-tests.ts';

/** A provider that runs beside Terraform. */
export interface ServedProvider {
  /** Variables by which Terraform takes it in place of one that it starts. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** The version of the plugin protocol (`provider/protocol.ts`). */
const PROTOCOL_VERSION = 6;

/**
 * Starts the provider in `main` once for many commands: by itself Terraform starts it three times in each. Terraform
 * finds it as it finds one under a debugger (https://developer.hashicorp.com/terraform/plugin/debugging).
 */
export async function serveProvider(
  main: string,
  address: string,
  env: Readonly<Record<string, string>>,
): Promise<ServedProvider> {
  const child = endWithTests(() =>
    spawn(process.execPath, [main], {
      env: { ...process.env, ...env, COUNTERSIGN_PROVIDER_SERVED: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  );
  const exited = once(child, 'exit');
  const [line]: unknown[] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(([code]) => Promise.reject(new Error(`The provider ended with ${code}`))),
  ]);
  const found = {
    Protocol: 'grpc',
    ProtocolVersion: PROTOCOL_VERSION,
    Pid: child.pid,
    // Terraform leaves it running.
    Test: true,
    Addr: { Network: 'tcp', String: `127.0.0.1:${Number(line)}` },
  };
  return {
    env: { TF_REATTACH_PROVIDERS: JSON.stringify({ [address]: found }) },
    async close() {
      child.kill();
      await exited;
    },
  };
}
