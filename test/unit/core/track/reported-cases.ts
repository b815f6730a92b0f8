import type { VersionTrack } from '#shared/core/track/track.ts';

/** What was listed at one time, and what was taken before. */
export interface ReportedCase {
  /** Where its users reported it. */
  readonly thread: string;
  readonly name: string;
  readonly track: VersionTrack;
  readonly kind?: 'image' | 'chart';
  readonly tags: readonly string[];
  /** Tag and version that were taken before. */
  readonly taken?: string;
  /** The listing was cut. */
  readonly cut?: true;
  /** The tag that is followed; `kept`: what was taken; `none`: nothing. */
  readonly right: string;
}

const ANY: VersionTrack = { semver: '*', prereleases: false };
const ONE: VersionTrack = { semver: '1.x', prereleases: false };

function numbers(pattern: string): VersionTrack {
  return { pattern, order: 'numerical' };
}

/** Cases that users of Flux, Argo CD Image Updater, Kargo, Keel and Renovate reported, each with the right value. */
export const REPORTED_CASES: readonly ReportedCase[] = [
  {
    thread: 'fluxcd/image-automation-controller#231',
    name: 'keeps what runs while an outage hides the newest tag',
    track: ONE,
    tags: ['1.4.0', '1.4.1'],
    taken: '1.4.2',
    right: 'kept',
  },
  {
    thread: 'fluxcd/image-automation-controller#396',
    name: 'keeps the release of today where a registry serves a list of two months ago',
    track: numbers('^release-[0-9a-f]{8}-(?<at>[0-9]+)$'),
    tags: ['release-3caa31f4-1651535374'],
    taken: 'release-07ef7c53-1655866680',
    right: 'kept',
  },
  {
    thread: 'fluxcd/flux2#4984',
    name: 'keeps 2.17.2 where the memory of the listing was lost',
    track: {
      semver: '>=2',
      prereleases: false,
      filter: '^production_v(?<version>.+)$',
    },
    tags: ['production_v2.17.1', 'production_v2.17.0'],
    taken: 'production_v2.17.2',
    right: 'kept',
  },
  {
    thread: 'controlplaneio-fluxcd/flux-operator#1016',
    name: 'keeps a version whose tag its publisher removed',
    track: ANY,
    tags: ['v0.9.0', 'v0.8.0'],
    taken: 'v0.9.1',
    right: 'kept',
  },
  {
    thread: 'fluxcd/flux#1817',
    name: 'keeps what runs where nothing at all is listed',
    track: ONE,
    tags: [],
    taken: '1.4.2',
    right: 'kept',
  },
  {
    thread: 'keel-hq/keel PR#901',
    name: 'takes no older tag that happens to be listed last',
    track: ONE,
    tags: ['1.9.0', '1.10.0', '1.2.0'],
    taken: '1.9.0',
    right: '1.10.0',
  },
  {
    thread: 'google/go-containerregistry#1643',
    name: 'decides nothing by the first thousand tags',
    track: ONE,
    tags: ['1.4.2', '1.5.0'],
    taken: '1.4.2',
    cut: true,
    right: 'kept',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#426',
    name: 'takes no pre-release that was not asked for',
    track: ANY,
    tags: ['v1.0.1-64.272fa09', 'v1.0.0'],
    right: 'v1.0.0',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#361',
    name: 'takes no commit of a patch to come for that patch',
    track: { semver: '~1.0.x', prereleases: false },
    tags: ['1.0.2-f3ba42e', '1.0.1', '1.0.0'],
    right: '1.0.1',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#1535',
    name: 'takes no release candidate of a range of a major version',
    track: { semver: 'v2.x.x', prereleases: false },
    tags: ['v2.2.0', 'v2.3.0-rc.0.18.g1abb7b5dd-ppc64le'],
    right: 'v2.2.0',
  },
  {
    thread: 'keel-hq/keel#63',
    name: 'takes no pre-release of the next patch under a patch range',
    track: { semver: '~1.2', prereleases: false },
    tags: ['v1.2.2', 'v1.2.3-pre123456'],
    right: 'v1.2.2',
  },
  {
    thread: 'keel-hq/keel#252',
    name: 'takes the next pre-release where they are asked for',
    track: { semver: '0.1.x', prereleases: true },
    tags: ['0.1.0-unstable0001', '0.1.0-unstable0002'],
    taken: '0.1.0-unstable0001',
    right: '0.1.0-unstable0002',
  },
  {
    thread: 'fluxcd/flux2#1298',
    name: 'takes the release over its own release candidates',
    track: { semver: '>=1.0.0-0', prereleases: true },
    tags: ['1.1.1-rc.1', '1.1.1-rc.10', '1.1.1', '1.1.1-rc.2'],
    right: '1.1.1',
  },
  {
    thread: 'fluxcd/flux2#4599',
    name: 'orders identifiers of letters and digits as semantic versioning does',
    track: { semver: '>=1.0.0-0', prereleases: true },
    tags: ['1.0.1-rc9', '1.0.1-rc10'],
    right: '1.0.1-rc9',
  },
  {
    thread: 'fluxcd/flux2#5684',
    name: 'orders a number behind a dot as a number',
    track: { semver: '>=1.0.0-0', prereleases: true },
    tags: ['1.1.1-rc.9', '1.1.1-rc.10'],
    right: '1.1.1-rc.10',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#508',
    name: 'takes 1.20.0, for 1.20 is no version',
    track: ANY,
    tags: ['1.20', '1.20.0'],
    right: '1.20.0',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#736',
    name: 'takes no date for a major version',
    track: ANY,
    tags: ['20241101', '1.4.2'],
    right: '1.4.2',
  },
  {
    thread: 'fluxcd/flux#2729',
    name: 'takes no eight digits of a commit for a version',
    track: ANY,
    tags: ['12345678', '0.3.1'],
    right: '0.3.1',
  },
  {
    thread: 'renovatebot/renovate#6913',
    name: 'follows nothing where all tags are commits',
    track: ANY,
    tags: ['1fe3c99', '4021155', '90437182'],
    right: 'none',
  },
  {
    thread: 'akuity/kargo PR#2441',
    name: 'takes no tag that lacks a part of a version',
    track: ANY,
    tags: ['2', 'v3', '4.1', '1.0.0'],
    right: '1.0.0',
  },
  {
    thread: 'fluxcd/image-reflector-controller#250',
    name: 'takes no calendar version with leading zeros under a range of versions',
    track: ANY,
    tags: ['2022.04', '2022.04.3', '4.3.2'],
    right: '4.3.2',
  },
  {
    thread: 'keel-hq/keel#544',
    name: 'takes versions with a v',
    track: { semver: '>=0.9', prereleases: false },
    tags: ['v0.10.0', 'v0.9.0'],
    right: 'v0.10.0',
  },
  {
    thread: 'fluxcd/pkg#771',
    name: 'takes the tag without a v where both are one version',
    track: ONE,
    tags: ['v1.2.3', '1.2.3'],
    right: '1.2.3',
  },
  {
    thread: 'aws/karpenter-provider-aws#4248',
    name: 'takes the highest of tags with a v among dates and commits',
    track: { semver: '0.*', prereleases: false },
    kind: 'chart',
    tags: ['v0-69bd00df79db89a1171ef950537230e5493cd60e', '20220911', 'v0.29.0', 'v0.28.1'],
    right: 'v0.29.0',
  },
  {
    thread: 'argoproj/argo-cd#14097',
    name: 'reads the plus of a version of a chart behind an underscore',
    track: ONE,
    kind: 'chart',
    tags: ['1.2.3_build.4', '1.2.2'],
    right: '1.2.3_build.4',
  },
  {
    thread: 'akuity/kargo#1678',
    name: 'ignores signatures among the versions of a chart',
    track: ANY,
    kind: 'chart',
    tags: [
      '12.9.3',
      '13.0.0',
      'sha256-4730c3c5fe00ed4cf6ffd139ed081f5a27342a959fbc89ef53d2b5c5341ff7af',
    ],
    right: '13.0.0',
  },
  {
    thread: 'fluxcd/flux2#3962',
    name: 'goes on where one tag cannot be read',
    track: numbers('^build-(?<n>[0-9a-z]+)$'),
    tags: ['build-9', 'build-x', 'build-10'],
    right: 'build-10',
  },
  {
    thread: 'fluxcd/image-reflector-controller#340',
    name: 'orders 17 digits that a float cannot tell apart',
    track: numbers('^main-(?<at>[0-9]+)$'),
    tags: ['main-20261129123456789', 'main-20261129123456788'],
    right: 'main-20261129123456789',
  },
  {
    thread: 'controlplaneio-fluxcd/flux-operator#608',
    name: 'orders dates of six digits',
    track: numbers('^(?<at>[0-9]{6})$'),
    tags: ['250223', '251130', '240915'],
    right: '251130',
  },
  {
    thread: 'keel-hq/keel#480',
    name: 'takes a version, and no other tag, from a tag that is none',
    track: ANY,
    tags: ['latest', 'dev', '1.0.1'],
    right: '1.0.1',
  },
  {
    thread: 'argoproj-labs/argocd-image-updater#270',
    name: 'follows nothing where there are words alone',
    track: ANY,
    tags: ['latest', 'stable', 'edge'],
    right: 'none',
  },
  {
    thread: 'renovatebot/renovate#2968',
    name: 'takes no other variant of the image',
    track: { semver: '*', prereleases: false, filter: '^(?<version>[0-9.]+)-alpine$' },
    tags: ['1.12.0-alpine', '1.15.0-alpine-perl', '1.14.0-alpine'],
    right: '1.14.0-alpine',
  },
];
