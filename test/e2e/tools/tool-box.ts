import { findTool } from '#infra/local/real/find-tool.ts';
import type { ToolBox } from '#infra/local/real/tool-box.ts';
import { patiently } from '#test/patience.ts';
import { freePort } from './free-port.ts';
import { SHORT_LIVED } from './process.ts';

/** The built tools, on ports that no other worker of the run chooses. */
export const TEST_TOOLS: ToolBox = {
  find: findTool,
  freePort,
  env: SHORT_LIVED,
  startMs: patiently(300_000),
};
