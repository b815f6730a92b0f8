import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { MAX_MEMBERSHIP_PAGES } from '#shared/fleet/limits.ts';
import { holdTimers } from '#test/fixtures/held-timers.ts';
import { openHubFleet } from '#test/fixtures/hub-fleet.ts';
import { ANSWERED_MS } from '#test/patience.ts';
import { type ScriptedServer, sendJson, startScripted } from '#test/unit/fleet/scripted-server.ts';

const GOOD = 'projects/fleet-host/locations/us-west1/memberships/good';
const OPTIONS = { projects: ['fleet-host'] };
/** Held: it passes when the test says so. */
const CALL_MS = 54_321;

function membership(name: unknown, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { name, state: { code: 'READY' }, endpoint: { gkeCluster: {} }, ...more };
}

/** A Hub that lists `resources`, knows the project's number, and answers all else with an empty list. */
function startHub(resources: readonly unknown[]): Promise<ScriptedServer> {
  return startScripted((response, { url }) => {
    if (url.startsWith('/v3/')) return sendJson(response, 200, { name: 'projects/42' });
    sendJson(response, 200, url.includes('/memberships?') ? { resources } : { items: [] });
  });
}

describe('a membership that may not be addressed', () => {
  it.each([
    'projects/fleet-host/locations/us-west1/memberships/../../../../secrets',
    'projects/fleet-host/locations/us-west1/memberships/a%2F..%2Fb',
    'projects/fleet-host/locations/evil.example%2F/memberships/a',
    'projects/fleet-host/locations/evil.example/memberships/a',
    'projects/fleet-host/locations/x@evil.example/memberships/a',
    'projects/other-host/locations/us-west1/memberships/a',
    'https://evil.example/projects/fleet-host/locations/us-west1/memberships/a',
    `projects/fleet-host/locations/us-west1/memberships/${'a'.repeat(10_000)}`,
    '',
    null,
    { toString: 'x' },
  ])('is left out, reported, and hides no other: %j', async (name) => {
    const hub = await startHub([membership(name), membership(GOOD)]);
    const problems: string[] = [];
    const fleet = openHubFleet(OPTIONS, hub.url, {
      onUnreadable: (_, problem) => problems.push(problem),
    });
    expect((await fleet.list()).members.map((member) => member.name)).toEqual([GOOD]);
    expect(problems).toHaveLength(1);
  });

  it.each([
    { labels: { env: 7 } },
    { state: 'READY' },
    { endpoint: 'https://evil.example' },
    { endpoint: { gkeCluster: 'https://evil.example' } },
  ])('has fields that are no such thing: %j', async (more) => {
    const hub = await startHub([membership(`${GOOD}-not`, more), membership(GOOD)]);
    const fleet = openHubFleet(OPTIONS, hub.url);
    expect((await fleet.list()).members.map((member) => member.name)).toEqual([GOOD]);
  });

  it('is not asked for by the name in a message', async () => {
    const hub = await startHub([membership(GOOD)]);
    const fleet = openHubFleet(OPTIONS, hub.url);
    for (const name of [`${GOOD}/../evil`, `${GOOD}%2Fevil`, '__proto__', '//evil.example/x']) {
      expect(await fleet.find(name)).toBeUndefined();
      const connecting = fleet.connect({ name, id: 'x', labels: {} });
      await expect(connecting).rejects.toMatchObject({ code: 'cluster-not-found' });
    }
    expect(hub.seen).toHaveLength(0);
  });
});

describe('an answer that names a foreign host', () => {
  it('does not change where the cluster is called', async () => {
    const evil = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const hub = await startHub([
      membership(GOOD, {
        endpoint: { gkeCluster: { resourceLink: `${evil.url}/x` } },
        authority: { issuer: evil.url },
        server: evil.url,
      }),
    ]);
    const fleet = openHubFleet(OPTIONS, hub.url);
    const [member] = (await fleet.list()).members;
    if (member === undefined) throw new Error('Not listed');
    await (await fleet.connect(member)).list('RootSync', { limit: 1 });
    expect(evil.seen).toHaveLength(0);
    expect(hub.seen.at(-1)?.url).toContain('/locations/us-west1/gkeMemberships/good/apis/');
  });

  it.each([
    ['the listing', '/memberships?'],
    ['the project', '/v3/projects/'],
    ['the cluster', '/gkeMemberships/'],
  ])('is not followed as a redirect of %s', async (_, part) => {
    const evil = await startScripted((response) => sendJson(response, 200, { items: [] }));
    const redirect = (response: ServerResponse): void => {
      response.writeHead(307, { location: `${evil.url}/x` }).end();
    };
    const hub = await startScripted((response, { url }) => {
      if (url.includes(part)) return redirect(response);
      if (url.startsWith('/v3/')) return sendJson(response, 200, { name: 'projects/42' });
      sendJson(response, 200, { resources: [membership(GOOD)] });
    });
    const fleet = openHubFleet(OPTIONS, hub.url);
    const calls = async (): Promise<void> => {
      const api = await fleet.connect({ name: GOOD, id: 'good', labels: {} });
      await api.list('RootSync', { limit: 1 });
    };
    await expect(calls()).rejects.toMatchObject({ name: 'CountersignError', retry: false });
    expect(evil.seen).toHaveLength(0);
  });

  it('is no page to go on to, but a word to send back', async () => {
    const evil = await startScripted((response) => sendJson(response, 200, {}));
    const token = `${evil.url}/next?a=b&pageSize=0#x`;
    const hub = await startScripted((response, { url }) => {
      const more = url.includes('pageToken') ? {} : { nextPageToken: token };
      sendJson(response, 200, { resources: [], ...more });
    });
    await openHubFleet(OPTIONS, hub.url).list();
    expect(evil.seen).toHaveLength(0);
    const sent = new URL(hub.seen[1]?.url ?? '', hub.url);
    expect(sent.pathname).toBe('/v1/projects/fleet-host/locations/-/memberships');
    expect(sent.searchParams.getAll('pageToken')).toEqual([token]);
    expect(sent.searchParams.getAll('pageSize')).toHaveLength(1);
  });
});

describe('a Hub that does not behave', () => {
  it('lists without end, and is not listened to without end', async () => {
    const hub = await startScripted((response) =>
      sendJson(response, 200, { resources: [membership(GOOD)], nextPageToken: 'again' }),
    );
    await expect(openHubFleet(OPTIONS, hub.url).list()).rejects.toMatchObject({
      code: 'fleet-unavailable',
      retry: false,
    });
    expect(hub.seen).toHaveLength(MAX_MEMBERSHIP_PAGES);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['no JSON', (response) => void response.end('<html>')],
    ['no list', (response) => sendJson(response, 200, { resources: 'all' })],
    ['a bare value', (response) => sendJson(response, 200, null)],
    ['too much', (response) => void response.end('x'.repeat(1_100_000))],
    ['half an answer', (response) => void response.destroy()],
    ['a server error', (response) => sendJson(response, 503, { error: { status: 'UNAVAILABLE' } })],
  ])('answers %s', async (_, respond) => {
    const hub = await startScripted(respond);
    await expect(openHubFleet(OPTIONS, hub.url).list()).rejects.toMatchObject({
      code: 'fleet-unavailable',
    });
  });

  it('does not answer, and costs one deadline', async () => {
    const hub = await startScripted(() => {});
    const limits = {
      credentialsMs: ANSWERED_MS,
      callMs: CALL_MS,
      retries: 2,
      backoffMs: 1,
      retryAfterMs: 0,
      answerBytes: 10_000,
    };
    const fleet = openHubFleet(OPTIONS, hub.url, { limits });
    using deadline = holdTimers(CALL_MS);
    const failure = { code: 'fleet-unavailable', retry: true };
    const failing = fleet.list();
    await hub.arrived(1);
    deadline.pass();
    await expect(failing).rejects.toMatchObject(failure);
    expect(hub.seen).toHaveLength(1);
  });

  it.each(['projects/fleet-host', 'projects/1/../2', 42])(
    'gives %j for the number of a project',
    async (name) => {
      const hub = await startScripted((response, { url }) =>
        sendJson(
          response,
          200,
          url.startsWith('/v3/') ? { name } : { resources: [membership(GOOD)] },
        ),
      );
      const fleet = openHubFleet(OPTIONS, hub.url);
      const connecting = fleet.connect({ name: GOOD, id: 'good', labels: {} });
      await expect(connecting).rejects.toMatchObject({ code: 'fleet-unavailable', retry: false });
    },
  );

  it('fails for one project, and hides no other', async () => {
    const hub = await startScripted((response, { url }) =>
      url.includes('/projects/broken/')
        ? sendJson(response, 503, {})
        : sendJson(response, 200, { resources: [membership(GOOD)] }),
    );
    const fleet = openHubFleet({ projects: ['broken', 'fleet-host'] }, hub.url);
    const { members, unreachable } = await fleet.list();
    expect(members.map(({ name }) => name)).toEqual([GOOD]);
    expect(unreachable).toEqual(['projects/broken']);
  });
});
