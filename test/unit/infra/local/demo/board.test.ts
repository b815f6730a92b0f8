import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  emptyBoard,
  type Row,
  createScreen,
  type Received,
} from '#infra/local/demo/screen.ts';

const REGISTRY = '127.0.0.1:5000';
const DIGEST = `sha256:${'ab'.repeat(32)}`;

function event(type: string, about: Partial<Received> = {}): Received {
  const empty = { image: undefined, cluster: undefined, sync: undefined, phase: undefined };
  return {
    ceId: type,
    type,
    severity: 'INFO',
    at: new Date(0),
    digest: DIGEST,
    message: '',
    ...empty,
    ...about,
  };
}

const unsigned = event('image.unsigned', { image: `${REGISTRY}/configs/platform` });
const approved = event('sync.approved', {
  image: `${REGISTRY}/configs/platform`,
  cluster: 'b',
  sync: 'RootSync/root-sync',
  phase: 'Approved',
});

function play(...events: readonly Received[]): Row[] {
  return events.reduce(applyEvent, emptyBoard(REGISTRY, ['a', 'b']));
}

function phases(board: readonly Row[]): string[] {
  return board.map(({ cluster, sync, phase }) => `${cluster} ${sync} ${phase}`);
}

describe('the board', () => {
  it('begins with every RSync of every cluster', () => {
    expect(phases(play())).toEqual([
      'a RootSync/root-sync No image',
      'b RootSync/root-sync No image',
      'a RepoSync/team-a/repo-sync No image',
      'b RepoSync/team-a/repo-sync No image',
    ]);
  });

  it('holds all that follow an unsigned image, and nothing else', () => {
    expect(phases(play(unsigned))).toEqual([
      'a RootSync/root-sync Pending',
      'b RootSync/root-sync Pending',
      'a RepoSync/team-a/repo-sync No image',
      'b RepoSync/team-a/repo-sync No image',
    ]);
  });

  it('moves one RSync by its own event', () => {
    const board = play(unsigned, approved);
    expect(board.map(({ phase }) => phase)).toEqual([
      'Pending',
      'Approved',
      'No image',
      'No image',
    ]);
    expect(board[1]?.digest).toBe(DIGEST);
  });

  it('is not thrown back by a late verdict', () => {
    expect(play(unsigned, approved, unsigned)[1]?.phase).toBe('Approved');
  });

  it('passes over what is about no RSync', () => {
    expect(play(event('sweep.completed'))).toEqual(play());
  });
});

describe('the screen', () => {
  function draw(live: boolean): string {
    const out = new PassThrough();
    const screen = createScreen(out, { live, elapsedMs: () => 1_500 });
    screen.show(play());
    screen.say('Push');
    screen.show(play(unsigned));
    screen.show(play(unsigned));
    screen.show(play(unsigned, approved));
    return String(out.read());
  }

  it('writes a line for each change where there is no terminal', () => {
    const text = draw(false);
    expect(text).not.toContain('\u001B');
    expect(text.split('\n').slice(4)).toEqual([
      '  1.5 s  Push',
      '  1.5 s    a          RootSync/root-sync        Pending   sha256:abababababab',
      '  1.5 s    b          RootSync/root-sync        Pending   sha256:abababababab',
      '  1.5 s    b          RootSync/root-sync        Approved  sha256:abababababab',
      '',
    ]);
  });

  it('redraws in a terminal, with what was said above', () => {
    const [first, said, pending, last, ...rest] = draw(true).split('\u001B[4A\u001B[0J');
    expect(rest).toEqual([]);
    expect(first?.split('\n').length).toBe(5);
    expect(said).toMatch(/^ {2}1\.5 s {2}Push\n {2}a/);
    expect(pending?.match(/Pending/g)?.length).toBe(2);
    expect(last).toMatch(/ b .*Approved/);
  });
});
