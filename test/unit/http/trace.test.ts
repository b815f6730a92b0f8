import { describe, expect, it } from 'vitest';
import { readTrace } from '#shared/http/trace.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('readTrace()', () => {
  it.each([
    ['a sampled traceparent', { traceparent: `00-${TRACE}-${SPAN}-01` }, SPAN, true],
    ['one that is not sampled', { traceparent: `00-${TRACE}-${SPAN}-00` }, SPAN, false],
    ['one of a later version', { traceparent: `01-${TRACE}-${SPAN}-01-more` }, SPAN, true],
    ["Google's header", { 'x-cloud-trace-context': `${TRACE}/255;o=1` }, '00000000000000ff', true],
    ["Google's header without a span", { 'x-cloud-trace-context': TRACE }, '0'.repeat(16), false],
    [
      'both, of which traceparent counts',
      { traceparent: `00-${TRACE}-${SPAN}-01`, 'x-cloud-trace-context': `${'1'.repeat(32)}/1` },
      SPAN,
      true,
    ],
    [
      'a broken traceparent beside the other',
      { traceparent: 'x', 'x-cloud-trace-context': `${TRACE}/1` },
      `${'0'.repeat(15)}1`,
      false,
    ],
  ])('reads %s', (_case, headers, spanId, sampled) => {
    expect(readTrace(new Headers(headers))).toEqual({ traceId: TRACE, spanId, sampled });
  });

  it.each([
    ['nothing', {}],
    ['an all-zero trace', { traceparent: `00-${'0'.repeat(32)}-${SPAN}-01` }],
    ['an all-zero span', { traceparent: `00-${TRACE}-${'0'.repeat(16)}-01` }],
    ['the forbidden version', { traceparent: `ff-${TRACE}-${SPAN}-01` }],
    ['upper-case hex', { traceparent: `00-${TRACE.toUpperCase()}-${SPAN}-01` }],
    ['a span over 64 bits', { 'x-cloud-trace-context': `${TRACE}/18446744073709551616` }],
    ['text that ends in a trace', { 'x-cloud-trace-context': `x ${TRACE}/1` }],
  ])('finds no trace in %s', (_case, headers) => {
    expect(readTrace(new Headers(headers))).toBeUndefined();
  });
});
