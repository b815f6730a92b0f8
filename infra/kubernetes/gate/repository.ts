import { celString } from './cel.ts';
import type { Variables } from './scope.ts';
import { lines } from './variables.ts';

/**
 * The spellings that Countersign can read (`shared/core/reference.ts`), as RE2 for the API server. Clients accept
 * more (`host.`, `host:0443`, letters that IDNA maps to ASCII, `//` and `..` in paths), and each of these is another
 * name of some image: what is not spelled plainly is judged, whatever the scope.
 */
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const PORT = ':[1-9][0-9]{0,4}';
/** A first segment is a host where it has a dot or a port, or is localhost; else it is a path on Docker Hub. */
const HOST = `(?:localhost|${LABEL}(?:\\.${LABEL})+|(?:localhost|${LABEL}(?:\\.${LABEL})*|\\[[0-9A-Fa-f:]+\\])${PORT}|\\[[0-9A-Fa-f:]+\\])`;
const SEGMENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
/** What has a dot before the first slash is dialled, so it has to be a host. */
const DOTLESS = '[a-z0-9]+(?:(?:_|__|-+)[a-z0-9]+)*';
const PATH = `${SEGMENT}(?:/${SEGMENT})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9._-]{0,127}';
const DIGEST = 'sha256:[0-9a-f]{64}';

/** `spec.oci.image`. */
export const PLAIN_IMAGE = `^(?:(?:${HOST}|${DOTLESS})/${PATH}|${SEGMENT})(?::${TAG})?(?:@${DIGEST})?$`;
/** `<spec.helm.repo without oci://>/<spec.helm.chart>`: Helm takes the first segment for the host always. */
export const PLAIN_CHART = `^${HOST}/${PATH}$`;

/** As `parseReference` has it. */
const MAX_REFERENCE = 1024;

/** `host/path` as `parseReference` normalises it, where the spelling is plain. */
export const repositoryVariables: Variables = {
  reference: lines(
    `variables.kind == "image" ? variables.image`,
    `: variables.kind == "chart" ? variables.repo.substring(6) + "/" + variables.chart : ""`,
  ),
  plain: lines(
    `size(variables.reference) <= ${MAX_REFERENCE} && (variables.kind == "chart"`,
    `? variables.reference.matches(${celString(PLAIN_CHART)})`,
    `: variables.reference.matches(${celString(PLAIN_IMAGE)}))`,
  ),
  undigested: 'variables.reference.split("@", 2)[0]',
  untagged: lines(
    `variables.undigested.lastIndexOf(":") > variables.undigested.lastIndexOf("/")`,
    `? variables.undigested.substring(0, variables.undigested.lastIndexOf(":")) : variables.undigested`,
  ),
  first: 'variables.untagged.split("/", 2)[0]',
  hosted: lines(
    `variables.untagged.contains("/") && (variables.first.contains(".")`,
    `|| variables.first.contains(":") || variables.first == "localhost")`,
  ),
  portless: lines(
    `!variables.hosted ? "docker.io" : variables.first.endsWith(":443")`,
    `? variables.first.substring(0, size(variables.first) - 4).lowerAscii() : variables.first.lowerAscii()`,
  ),
  host: lines(
    `variables.portless in ["docker.io", "registry-1.docker.io"]`,
    `? "index.docker.io" : variables.portless`,
  ),
  path: lines(
    `variables.hosted ? variables.untagged.substring(size(variables.first) + 1) : variables.untagged`,
  ),
  repository: lines(
    `variables.host + (variables.host == "index.docker.io" && !variables.path.contains("/")`,
    `? "/library/" : "/") + variables.path`,
  ),
};
