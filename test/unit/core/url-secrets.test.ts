import { describe, expect, it } from 'vitest';
import { withoutUrlSecrets } from '#shared/core/url-secrets.ts';
import { patiently } from '#test/patience.ts';

describe('withoutUrlSecrets()', () => {
  it.each([
    ['https://me:hunter2@host/x', 'https://host/x'],
    ['https://ghp_token@host/x', 'https://host/x'],
    ['https://me:a@b:c@host:8443/x', 'https://host:8443/x'],
    ['https://me:hunter2@host', 'https://host'],
    ['ssh://git:hunter2@host/x', 'ssh://host/x'],
    ['oci://me:hunter2@host/charts', 'oci://host/charts'],
    ['https://host/x?token=abc', 'https://host/x'],
    ['https://host/x?a=https://me:hunter2@other/', 'https://host/x'],
    ['me:hunter2@host/x', 'host/x'],
    ['me:hunter2@host:acme/x', 'host:acme/x'],
    [
      "fatal: unable to access 'https://me:hunter2@host/x/': 403",
      "fatal: unable to access 'https://host/x/': 403",
    ],
    ['https://a:hunter2@h/x,https://b:hunter2@h/y', 'https://h/x,https://h/y'],
  ])('takes %j to %j', (text, expected) => {
    expect(withoutUrlSecrets(text)).toBe(expected);
  });

  it.each([
    'us-docker.pkg.dev/acme/configs/platform:v1@sha256:0123',
    'busybox:latest@sha256:0123',
    '127.0.0.1:5000/configs/platform:v1@sha256:0123@sha256:0123',
    'git@host:acme/x',
    'ops@acme.example',
    'https://host/@scope/x#part',
    'Why? See https://g.co/cloud/acm-errors#knv2004',
    'system:serviceaccount:a:b',
  ])('leaves %j as it is', (text) => {
    expect(withoutUrlSecrets(text)).toBe(text);
  });

  it.each(['://', '@', ':', '?', '://a', 'a:b@', '/?', '://@?'])(
    'takes a text of %j for what it is, in time',
    (piece) => {
      expect(withoutUrlSecrets(piece.repeat(200_000)).length).toBeLessThanOrEqual(800_000);
    },
    patiently(20_000),
  );
});
