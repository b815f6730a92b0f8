import { copyFile, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assembleImage } from '#infra/build/image/assemble.ts';
import { stageRootfs } from '#infra/build/image/stage-rootfs.ts';
import { WARM_CONFIG } from '#test/fixtures/warm-config.ts';
import { imageConfig } from './image-sandbox.ts';
import { startDockerRegistry } from './tools/docker-registry.ts';
import { findTool } from '#infra/local/real/find-tool.ts';
import { runProcess } from './tools/process.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
/** What a bundle is made of. */
const SOURCES = ['functions', 'shared', 'infra', 'package.json', 'package-lock.json'];
const REVISION = '0123456789abcdef0123456789abcdef01234567';
const CONFIG = 'etc/countersign/config/countersign.yaml';

/** The real image in Debian's registry, on a base with this machine's C library in place of distroless. */
export interface ImageWorld {
  readonly folder: string;
  readonly revision: string;
  /** Archive of the image's file system, in `folder`. */
  readonly files: string;
  /** `HOST/countersign@sha256:…`. */
  readonly reference: string;
  readonly image: ReturnType<typeof imageConfig.parse>['config'];
  run(tool: string, ...args: readonly string[]): Promise<string>;
  /** Builds it once more, from the sources; the reference that comes out. */
  again(): Promise<string>;
  /** A folder with the image's file system, with a config file where Cloud Run mounts it, or none. */
  extract(name: string, parts?: { config: boolean }): Promise<string>;
  close(): Promise<void>;
}

export async function openImageWorld(): Promise<ImageWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-image-'));
  const registry = await startDockerRegistry('on disk');
  const out = join(folder, 'out');
  // A copy, for the sources may be edited meanwhile: two builds of it must be the same.
  const root = join(folder, 'src');
  for (const part of SOURCES) {
    await cp(join(repository, part), join(root, part), { recursive: true });
  }
  await symlink(join(repository, 'node_modules'), join(root, 'node_modules'));

  async function run(tool: string, ...args: readonly string[]): Promise<string> {
    const command = tool === 'tar' ? tool : findTool(tool);
    const env = { HOME: folder, DOCKER_CONFIG: join(folder, 'docker'), COSIGN_PASSWORD: '' };
    const { code, stdout, stderr } = await runProcess({ command, args, cwd: folder, env });
    if (code !== 0) throw new Error(`${tool} ${args.join(' ')} exited ${code}: ${stderr}`);
    return stdout.trim();
  }

  async function build(base: string): Promise<string> {
    await stageRootfs(root, out, REVISION);
    const to = `${registry.host}/countersign`;
    const crane = findTool('crane');
    return assembleImage({ root, out, base, revision: REVISION, repository: to, crane });
  }

  async function pushBase(): Promise<string> {
    const base = join(folder, 'base');
    const node = join(root, 'node_modules/node/bin/node');
    const { stdout } = await runProcess({ command: 'ldd', args: [node] });
    for (const [library] of stdout.matchAll(/\/lib\S+/g)) {
      await mkdir(join(base, dirname(library)), { recursive: true });
      await copyFile(library, join(base, library));
    }
    await mkdir(join(base, 'etc'));
    const nobody = 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
    await writeFile(join(base, 'etc/passwd'), nobody);
    await run('tar', '--create', '--file=base.tar', `--directory=${base}`, '--owner=0', '.');
    const bare = `${registry.host}/base:bare`;
    await run('crane', 'append', '--oci-empty-base', '-f', 'base.tar', '-t', bare);
    const platform = ['--set-platform', 'linux/amd64'];
    return run('crane', 'mutate', bare, ...platform, '--repo', `${registry.host}/base`);
  }

  const base = await pushBase();
  const reference = await build(base);
  const { config: image } = imageConfig.parse(JSON.parse(await run('crane', 'config', reference)));
  const files = 'files.tar';
  await run('crane', 'export', reference, files);
  return {
    folder,
    files,
    reference,
    image,
    run,
    revision: REVISION,
    again: () => build(base),
    async extract(name, { config } = { config: true }) {
      const target = join(folder, name);
      await mkdir(target);
      await run('tar', '--extract', '--file', files, '--directory', target);
      if (config) {
        await mkdir(dirname(join(target, CONFIG)), { recursive: true });
        await writeFile(join(target, CONFIG), WARM_CONFIG);
      }
      return target;
    },
    async close() {
      await registry.close();
      await rm(folder, { recursive: true });
    },
  };
}
