import * as z from 'zod';
import { MAX_CURSOR, MAX_IMAGE, MAX_NAME } from '../limits.ts';

// What callers write: checked for length here, and for meaning where it is looked up.
export const ClusterName = z.string().min(1).max(MAX_NAME).meta({
  description: 'Full membership name, its id where that is unique, or kubeconfig context',
  example: 'cluster-1',
});
export const SyncName = z
  .string()
  .max(MAX_NAME)
  .regex(
    /^(?:RootSync\/[-.a-z0-9]+|RepoSync\/[-.a-z0-9]+\/[-.a-z0-9]+)$/,
    'must be RootSync/<name> or RepoSync/<namespace>/<name>',
  )
  .meta({
    description: 'RootSync/<name> or RepoSync/<namespace>/<name>',
    example: 'RootSync/root-sync',
  });
export const ImageName = z.string().min(1).max(MAX_IMAGE).meta({
  description: 'Image reference; without a tag or digest: the repository, whatever its tag',
  example: 'us-docker.pkg.dev/acme/configs/platform:v1',
});
export const Cursor = z
  .string()
  .max(MAX_CURSOR)
  .regex(/^[A-Za-z0-9_-]+$/, 'is not a cursor of ours')
  .meta({ description: 'Where the page begins, as `next` of the page before said' });

export const Time = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });
