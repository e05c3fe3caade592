/** DELETE of a collection: each selected object is deleted as by itself. Models apiserver pkg/registry/generic/registry DeleteCollection. */
import type { Flow } from '../actor/flow.ts';
import type { DeleteOptions } from '../api/request.ts';
import { isNotFound } from '../api/status-errors.ts';
import { listOptions } from '../http/options.ts';
import { type Answer, complete } from './answer.ts';
import type { CacheEntry } from './cache-entry.ts';
import { type Call, callDeleteOptions, callForm, callSelection } from './call.ts';
import type { Target } from './change.ts';
import { deleteObject } from './delete.ts';
import type { Environment } from './environment.ts';
import { renderedList } from './form.ts';
import { readPage } from './list.ts';

export function* handleDeleteCollection(environment: Environment, call: Call): Flow<Answer> {
  const lists = listOptions(call.query);
  const options = callDeleteOptions(environment, call);
  const page = yield* readPage(environment, call, lists, callSelection(call, lists));
  for (const entry of page.entries) yield* deleteListed(environment, call, entry, options);
  const metadata = { resourceVersion: String(page.revision) };
  const items = page.entries.map((entry) => entry.bytes);
  return complete(200, renderedList(environment, callForm(call), items, metadata));
}

/** What somebody else has deleted meanwhile is as it should be. */
function* deleteListed(environment: Environment, call: Call, entry: CacheEntry, options: DeleteOptions): Flow<void> {
  const { namespace, name } = entry;
  const { fence } = call.request;
  const target: Target = { served: call.served, namespace, name, fence, isDryRun: options.isDryRun };
  try {
    yield* deleteObject(environment, target, options);
  } catch (error: unknown) {
    if (!isNotFound(error)) throw error;
  }
}
