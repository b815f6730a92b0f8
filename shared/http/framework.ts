import { http } from '@google-cloud/functions-framework';
import { getTestServer } from '@google-cloud/functions-framework/testing';
import type { Framework } from './serve-function.ts';

/**
 * Google's functions-framework, as far as it is used: it registers the function and makes its server. Its own command
 * line is not, for that exits on SIGTERM in the middle of a request (docs/facts/google-cloud.md#functions-framework).
 */
export const functionsFramework: Framework = { http, getTestServer };
