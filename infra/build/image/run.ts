import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** An SBOM of all packages is what is longest. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Standard output of a command that ends well. Throws with its standard error otherwise. */
export async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const options = { cwd, maxBuffer: MAX_OUTPUT_BYTES };
  return (await promisify(execFile)(command, args, options)).stdout;
}
