/** pods/eviction: a deletion that is asked for politely. Disruption budgets are not consulted yet. */
import type { Flow } from '../actor/flow.ts';
import { isJsonObject } from '../api/json.ts';
import { badRequest } from '../api/status-errors.ts';
import { deleteOptions } from '../http/options.ts';
import { deleteOptionsOfBody } from '../kinds/delete-options.ts';
import { type Answer, completeJson } from './answer.ts';
import { createdStatus } from './binding.ts';
import { bodyOf, type Call } from './call.ts';
import { deleteObject } from './delete.ts';
import type { Environment } from './environment.ts';
import { targetOf } from './update.ts';

export function* handleEviction(environment: Environment, call: Call): Flow<Answer> {
  const body = bodyOf(call);
  if (!isJsonObject(body)) throw badRequest('the body of an eviction must be an object');
  const given = body['deleteOptions'];
  const options =
    given === undefined || given === null ? deleteOptions(call.query) : deleteOptionsOfBody(given, environment.schemas);
  yield* deleteObject(environment, targetOf(call, options.isDryRun || call.query.has('dryRun')), options);
  return completeJson(201, createdStatus);
}
