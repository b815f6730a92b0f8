import { type Block, readGuides } from './markdown.ts';

/** What a block may say that it needs, and what that means: tests do not have it, so they do not run it. */
export const NEEDS: ReadonlySet<string> = new Set([
  'the sources of Config Sync',
  'Google Cloud',
  // A real Kubernetes cluster, with Config Sync in it.
  'a cluster',
  'Docker',
  // With a provider that is downloaded.
  'Terraform',
]);

/** Languages of blocks that a reader types. */
export const COMMANDS: ReadonlySet<string> = new Set(['sh', 'bash', 'console', 'shell', 'zsh']);

/** The text of the block that stands under `<!-- run: id -->`: tests run what the page says, not a copy of it. */
export function documentedBlock(id: string): string {
  return findBlock(id).text;
}

/** The block itself. Throws where there is none, or more than one. */
function findBlock(id: string): Block {
  const [found, ...more] = readGuides()
    .flatMap(({ blocks }) => blocks)
    .filter(({ run }) => run === id);
  if (found === undefined) throw new Error(`No page has a block "${id}"`);
  if (more.length > 0) throw new Error(`More than one block is called "${id}"`);
  return found;
}
