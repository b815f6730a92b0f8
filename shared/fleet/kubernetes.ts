/**
 * What is used of client-node, by name: a bundle leaves out the rest of its five megabytes. Only `client.ts` loads this
 * file, and late.
 */
export {
  ApisApi,
  AppsV1Api,
  AuthenticationV1Api,
  type Configuration,
  CoreV1Api,
  createConfiguration,
  CustomObjectsApi,
  type HttpLibrary,
  PatchStrategy,
  type RequestContext,
  ResponseContext,
  ServerConfiguration,
  VersionApi,
  wrapHttpLibrary,
} from '@kubernetes/client-node';
