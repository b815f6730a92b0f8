import { describe, expect, it } from 'vitest';
import { protosOf } from '#infra/build/protos-of.ts';

const field = (type: string) => ({ type });
const MESSAGES = {
  Letter: { fields: { at: field('google.protobuf.Timestamp'), kind: field('Kind') } },
  Kind: {},
  SendRequest: {
    fields: { inner: field('Inner') },
    nested: { Inner: { fields: { letter: field('Letter') } } },
  },
  SendResponse: { fields: { id: field('string') } },
  ReadRequest: { fields: { filter: field('Filter') } },
  Filter: { fields: {} },
};
const PROTOS = {
  nested: {
    post: {
      options: { java: 'x' },
      nested: {
        Office: {
          methods: {
            Send: { requestType: 'SendRequest', responseType: 'SendResponse' },
            Read: { requestType: 'ReadRequest', responseType: 'Letter' },
          },
        },
        Counter: { methods: { Count: { requestType: 'Filter', responseType: 'Filter' } } },
        ...MESSAGES,
      },
    },
    google: {
      nested: {
        protobuf: { nested: { Timestamp: { fields: { seconds: field('int64') } } } },
        api: { nested: { HttpRule: { fields: { get: field('string') } } } },
      },
    },
  },
};

describe('protosOf()', () => {
  it('keeps a method, its service, and every message that it leads to', () => {
    const { Letter, Kind, SendRequest, SendResponse } = MESSAGES;
    const { Send } = PROTOS.nested.post.nested.Office.methods;
    expect(protosOf(PROTOS, ['Send'])).toEqual({
      nested: {
        post: {
          options: { java: 'x' },
          nested: { Office: { methods: { Send } }, Letter, Kind, SendRequest, SendResponse },
        },
        google: { nested: { protobuf: PROTOS.nested.google.nested.protobuf } },
      },
    });
  });

  it('has nothing of a method that no service has', () => {
    expect(protosOf(PROTOS, ['Burn'])).toEqual({});
  });
});
