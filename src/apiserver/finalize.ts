/** namespaces/finalize: the namespace controller gives up its hold on a namespace that it has emptied. */
import type { Flow } from '../actor/flow.ts';
import type { Mutable } from '../api/json.ts';
import type { AnyObject } from '../api/object-meta.ts';
import { conflict } from '../api/status-errors.ts';
import { writeOptions } from '../http/options.ts';
import { decodeObject } from '../kinds/decode.ts';
import type { Answer } from './answer.ts';
import { bodyOf, type Call } from './call.ts';
import { change } from './change.ts';
import type { Environment } from './environment.ts';
import { entriesAfter, settleManagedFields, updateBy } from './field-ownership.ts';
import { answerChanged, settled, targetOf } from './update.ts';

interface NamespaceSpec {
  readonly finalizers?: readonly string[];
}

export function* handleFinalize(environment: Environment, call: Call): Flow<Answer> {
  const options = writeOptions(call.query, 'UpdateOptions');
  const body = bodyOf(call);
  const decoded = decodeObject(body, call.served.info, environment.schemas, options.fieldValidation);
  const { metadata, spec } = decoded.object;
  const changed = yield* change(environment, targetOf(call, options.isDryRun), (current) => {
    const { resourceVersion = '' } = metadata;
    if (resourceVersion !== '' && resourceVersion !== String(current.revision)) {
      throw conflict(call.served.info, current.name);
    }
    const namespace = current.decode();
    const finalizers = (spec as NamespaceSpec | undefined)?.finalizers ?? [];
    (namespace as Mutable<AnyObject>).spec = finalizers.length === 0 ? {} : { finalizers };
    const old = current.object;
    const ownership = updateBy(call, options.fieldManager, body);
    settleManagedFields(namespace, old, entriesAfter(environment, call.served, old, namespace, ownership, 'object'));
    return settled(namespace);
  });
  return answerChanged(environment, call, changed, decoded.warnings);
}
