import { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { CLUSTER_PHASES, PHASES } from '#shared/core/phase.ts';
import { MAX_LIVE_CLUSTERS, MAX_NAME, MAX_SELECTOR } from '../limits.ts';
import {
  answersOf,
  ClusterName,
  Cursor,
  flag,
  ImageName,
  PAGE_HEADERS,
  PageLimit,
  SyncName,
  Time,
} from '../schema.ts';

const PRESENT = [...PHASES, 'Unknown'] as const;
/** Of RSyncs, then of clusters, in the order in which people are shown them. */
export const ANY_PHASE = [...PRESENT, ...CLUSTER_PHASES] as const;

export const FleetQuery = z.strictObject({
  image: ImageName.optional(),
  cluster: ClusterName.optional(),
  sync: SyncName.optional(),
  search: z.string().max(256).optional().meta({
    description: 'Part of the name of a cluster, an RSync or an image',
    example: 'team-a',
  }),
  labels: z
    .string()
    .max(MAX_SELECTOR)
    .optional()
    .meta({ description: 'Label selector over memberships', example: 'env = prod' }),
  stage: z
    .string()
    .max(MAX_NAME)
    .optional()
    .meta({ description: 'Stage of its roll-out, as of the last look', example: 'early' }),
  phase: z.enum(ANY_PHASE).optional().meta({ description: 'Phase of an RSync, or of a cluster' }),
  live: flag(
    `Ask the clusters, \`limit\` of them and ${MAX_LIVE_CLUSTERS} at most, instead of the snapshot`,
  ).optional(),
  limit: PageLimit.optional(),
  cursor: Cursor.optional(),
});

export type FleetQuery = z.infer<typeof FleetQuery>;

const Fault = z.object({
  code: z.string().describe('KNV code without its prefix, or the code of a failure of Countersign'),
  message: z.string(),
});

export const SyncView = z
  .object({
    cluster: z.string(),
    sync: z.string(),
    nomos: z.string().describe("nomos' word: SYNCED, PENDING, ERROR, STALLED or RECONCILING"),
    source: z.string().optional().describe('As nomos shows it'),
    commit: z.string().optional().describe("Config Sync's commit, N/A or empty, as nomos shows it"),
    syncedAt: z.string().optional(),
    image: z.string().optional().describe('What is followed; absent where nothing is'),
    version: z
      .string()
      .optional()
      .describe('Where versions are followed: the one that was approved last'),
    newest: z.string().optional().describe('The version that is to be followed now'),
    approved: z.array(z.string()).describe('What may be synced, newest first'),
    registryDigest: z.string().optional().describe('What the image is in the registry'),
    liveDigest: z.string().optional().describe('What Config Sync reports as synced'),
    verdict: z.string().optional().describe('Of the digest in the registry'),
    phase: z
      .enum(PRESENT)
      .describe(
        'Where it stands now; Unknown: its cluster is out of reach, or its image unchecked',
      ),
    lastPhase: z
      .enum(PHASES)
      .optional()
      .describe('Where it stood when it was last looked at, where that is not the present'),
    digest: z.string().optional().describe('What the phase is about'),
    since: Time,
    readAt: Time.optional().describe('When it was last read'),
    ageSeconds: z.int().min(0).optional().describe('How long ago that was'),
    message: z.string(),
    errors: z.array(Fault),
    breakGlass: z.string().optional(),
  })
  .meta({ id: 'Sync' });

export const ClusterView = z
  .object({
    cluster: z.string(),
    phase: z.enum(CLUSTER_PHASES),
    since: Time.optional(),
    message: z.string().optional(),
    readAt: Time.optional().describe('When its RSyncs were read; absent: never'),
    ageSeconds: z.int().min(0).optional(),
  })
  .meta({ id: 'Cluster' });

export const FleetPage = z
  .object({
    source: z.enum(['snapshot', 'live']),
    ageSeconds: z.int().min(0).describe('Age of the oldest row of this page'),
    clusters: z.array(ClusterView),
    syncs: z.array(SyncView),
    next: z.string().optional().describe('Cursor of the next page; absent: this is the last'),
  })
  .meta({ id: 'FleetPage' });

/** One line of a streamed live read: a cluster when it has answered. The last line has `next`, if anything. */
export const FleetLine = z
  .object({
    cluster: ClusterView.optional(),
    syncs: z.array(SyncView).optional(),
    done: z.literal(true).optional(),
    next: z.string().optional(),
  })
  .meta({ id: 'FleetLine' });

export type SyncView = z.infer<typeof SyncView>;
export type ClusterView = z.infer<typeof ClusterView>;
export type FleetPage = z.infer<typeof FleetPage>;
export type FleetLine = z.infer<typeof FleetLine>;

export const NDJSON = 'application/x-ndjson';

export const fleetRoute = createRoute({
  method: 'get',
  path: '/v1/fleet',
  operationId: 'readFleet',
  summary: 'The fleet, RSync by RSync',
  description:
    'From the snapshot, page by page, without a call to any cluster; `live=true` asks the clusters. ' +
    'As text it is what `nomos status` prints, with the approvals; as NDJSON a live read has each cluster as soon as it has answered.',
  request: { query: FleetQuery },
  responses: answersOf({
    200: {
      description: 'A page of the fleet',
      headers: PAGE_HEADERS.extend({
        age: z.int().min(0).optional().meta({ description: 'Of the oldest row, in seconds' }),
        'countersign-unwell': z.int().min(0).optional().meta({
          description: 'How many clusters and RSyncs of the page are not well; not in a stream',
        }),
      }),
      content: {
        'application/json': { schema: FleetPage },
        [NDJSON]: { schema: FleetLine },
        'text/plain': { schema: z.string() },
      },
    },
  }),
});
