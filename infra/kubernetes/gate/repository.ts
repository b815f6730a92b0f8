import { celString } from './cel.ts';
import { PLAIN_CHART, PLAIN_IMAGE } from './plain-reference.ts';
import type { Variable } from './scope.ts';
import { lines } from './variables.ts';

/** As `parseReference` has it. */
const MAX_REFERENCE = 1024;

/** `host/path` as `parseReference` normalises it, where the spelling is plain. */
export const repositoryVariables: readonly Variable[] = [
  {
    name: 'reference',
    expression: lines(
      `variables.kind == "image" ? variables.image`,
      `: variables.kind == "chart" ? variables.repo.substring(6) + "/" + variables.chart : ""`,
    ),
  },
  {
    name: 'plain',
    expression: lines(
      `size(variables.reference) <= ${MAX_REFERENCE} && (variables.kind == "chart"`,
      `? variables.reference.matches(${celString(PLAIN_CHART)})`,
      `: variables.reference.matches(${celString(PLAIN_IMAGE)}))`,
    ),
  },
  { name: 'undigested', expression: 'variables.reference.split("@", 2)[0]' },
  {
    name: 'untagged',
    expression: lines(
      `variables.undigested.lastIndexOf(":") > variables.undigested.lastIndexOf("/")`,
      `? variables.undigested.substring(0, variables.undigested.lastIndexOf(":")) : variables.undigested`,
    ),
  },
  { name: 'first', expression: 'variables.untagged.split("/", 2)[0]' },
  {
    name: 'hosted',
    expression: lines(
      `variables.untagged.contains("/") && (variables.first.contains(".")`,
      `|| variables.first.contains(":") || variables.first == "localhost")`,
    ),
  },
  {
    name: 'portless',
    expression: lines(
      `!variables.hosted ? "docker.io" : variables.first.endsWith(":443")`,
      `? variables.first.substring(0, size(variables.first) - 4).lowerAscii() : variables.first.lowerAscii()`,
    ),
  },
  {
    name: 'host',
    expression: lines(
      `variables.portless in ["docker.io", "registry-1.docker.io"]`,
      `? "index.docker.io" : variables.portless`,
    ),
  },
  {
    name: 'path',
    expression: lines(
      `variables.hosted ? variables.untagged.substring(size(variables.first) + 1) : variables.untagged`,
    ),
  },
  {
    name: 'repository',
    expression: lines(
      `variables.host + (variables.host == "index.docker.io" && !variables.path.contains("/")`,
      `? "/library/" : "/") + variables.path`,
    ),
  },
];
