import { describe, expect, it } from 'vitest';
import { errorCode, nextPage } from './client.ts';
import { freshName, type Subject } from './subject.ts';

/** Listing tags. */
export function tagContract(subject: Subject): void {
  const { repository } = subject;
  describe('tags', () => {
    it('lists the tags of a repository in order', async () => {
      const name = freshName();
      const client = repository(name);
      for (const tag of ['v2', 'v1', 'V3']) await client.pushImage(tag);
      const listed = await client.send('GET', 'tags/list');
      expect(listed.status).toBe(200);
      expect(await listed.json()).toEqual({ name, tags: ['V3', 'v1', 'v2'] });
    });

    it('answers an unknown repository with 404 NAME_UNKNOWN', async () => {
      const listed = await repository().send('GET', 'tags/list');
      expect([listed.status, await errorCode(listed)]).toEqual([404, 'NAME_UNKNOWN']);
    });

    it('lists the repositories in pages', async () => {
      const names = [freshName(), freshName()];
      for (const name of names) await repository(name).pushImage('v1');
      const catalog = `${subject.url()}/v2/_catalog`;
      expect(await (await fetch(`${catalog}?n=1000`)).json()).toEqual({
        repositories: expect.arrayContaining(names),
      });
      const first = await fetch(`${catalog}?n=1`);
      const pages = [await first.json(), await (await fetch(nextPage(first))).json()];
      expect(pages).toEqual([{ repositories: [expect.any(String)] }, expect.anything()]);
      expect(pages[1]).not.toEqual(pages[0]);
    });

    if (subject.can('tags-paging')) pagedTags(subject);
    else unpagedTags(subject);
  });
}

function pagedTags({ repository }: Subject): void {
  it('pages by n and last', async () => {
    const name = freshName();
    const client = repository(name);
    for (const tag of ['a', 'b', 'c']) await client.pushImage(tag);
    const first = await client.send('GET', 'tags/list?n=2');
    expect(await first.json()).toEqual({ name, tags: ['a', 'b'] });
    const second = await fetch(nextPage(first));
    expect(await second.json()).toEqual({ name, tags: ['c'] });
    expect(second.headers.get('link')).toBeNull();
  });

  it('answers n=0 with no tags and no next page', async () => {
    const name = freshName();
    const client = repository(name);
    await client.pushImage('a');
    const none = await client.send('GET', 'tags/list?n=0');
    expect([none.headers.get('link'), await none.json()]).toEqual([null, { name, tags: [] }]);
  });
}

function unpagedTags({ repository }: Subject): void {
  it('gives all tags at once, whatever n says', async () => {
    const name = freshName();
    const client = repository(name);
    for (const tag of ['a', 'b', 'c']) await client.pushImage(tag);
    const all = await client.send('GET', 'tags/list?n=2');
    const answer = [all.headers.get('link'), await all.json()];
    expect(answer).toEqual([null, { name, tags: ['a', 'b', 'c'] }]);
  });
}
