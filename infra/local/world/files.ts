import { join } from 'node:path';

/** Where a world keeps its files; they stay when it stops. */
export interface WorldFiles {
  readonly dir: string;
  /** For people: user `local-admin`. */
  readonly kubeconfig: string;
  /** For the functions: Countersign's own identity, the only one that may write approvals. */
  readonly serviceKubeconfig: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** Of admission, for 127.0.0.1. */
  readonly tlsCert: string;
  readonly tlsKey: string;
  readonly config: string;
  readonly store: string;
  readonly logs: string;
  readonly worldLog: string;
  readonly lock: string;
}

export function filesIn(dir: string): WorldFiles {
  return {
    dir,
    kubeconfig: join(dir, 'kubeconfig'),
    serviceKubeconfig: join(dir, 'countersign.kubeconfig'),
    privateKey: join(dir, 'cosign.key'),
    publicKey: join(dir, 'cosign.pub'),
    tlsCert: join(dir, 'tls.crt'),
    tlsKey: join(dir, 'tls.key'),
    config: join(dir, 'countersign.yaml'),
    store: join(dir, 'store.sqlite'),
    logs: join(dir, 'logs'),
    worldLog: join(dir, 'logs', 'world.log'),
    lock: join(dir, 'world.lock'),
  };
}
