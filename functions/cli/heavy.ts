import type { GateMode } from '#infra/kubernetes/gate/render.ts';
import type { LocalOptions } from '#infra/local/local-world/options.ts';
import type { Steering } from '#infra/local/steer-function.ts';
import type { Effect } from '#infra/local/local-world/files.ts';
import type { Fleet } from '#shared/fleet/fleet.ts';
import type { ObjectApi } from '#shared/fleet/object-api.ts';
import type { LetterOffice } from './letters/letter-office.ts';
import type { OpenedFleet } from './preflight/opened-fleet.ts';
import type { ExitCode } from './terminal.ts';
import type { ImageJudge } from './verify/image-judge.ts';

/**
 * What takes a config file, clients of Google and of clusters, or the local world. Each is loaded when it is called
 * for, so that a verb that asks the API starts without them.
 */
export interface Heavy {
  /** Opens what the config at the path names. Throws `bad-config`; so do the next three. */
  openJudge(configPath: string): Promise<ImageJudge>;
  openFleet(configPath: string): Promise<OpenedFleet>;
  openLetters(configPath: string): Promise<LetterOffice>;
  /** The gate for a config, as YAML. */
  renderGate(configPath: string, mode: GateMode): Promise<string>;
  /** The ID token of the Application Default Credentials for an audience. */
  idToken(audience: string): Promise<string>;
  /** The clusters of the config at the path, or of a kubeconfig, for what people change there. Throws `bad-config`. */
  openObjects(configPath: string, kubeconfig: string | undefined): Promise<Fleet<ObjectApi>>;
  /** Runs the local world until a signal stops it. Throws `bad-request` where this installation cannot; so does the next. */
  runLocal(options: LocalOptions): Promise<ExitCode>;
  runDemo(effect: Effect): Promise<ExitCode>;
  /** Stops a function of a local world, or starts it again; without a folder, of the usual one. Throws `bad-request`. */
  steerLocal(
    steering: Omit<Steering, 'dir'> & { readonly dir: string | undefined },
  ): Promise<string>;
}
