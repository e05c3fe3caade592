/** Options from queries and bodies: what is read, what is refused. */
import { expect, test } from 'vitest';
import * as options from '../../../src/http/options.ts';
import { parseQuery } from '../../../src/http/query.ts';
import { deleteOptionsOfBody } from '../../../src/kinds/delete-options.ts';
import { builtInSchemas } from '../../../src/kinds/schema.ts';

test('list options are read', () => {
  const query = parseQuery(
    'labelSelector=app%3Dx&fieldSelector=metadata.name%3Da&limit=500&resourceVersion=0&timeoutSeconds=30&includeObject=Object',
  );
  expect(options.listOptions(query)).toEqual({
    labelSelector: { requirements: [{ key: 'app', operator: '=', values: ['x'] }] },
    fieldSelector: { requirements: [{ field: 'metadata.name', operator: '=', value: 'a' }] },
    resourceVersion: '0',
    resourceVersionMatch: '',
    limit: 500,
    continue: '',
    timeoutSeconds: 30,
    includeObject: 'Object',
  });
});

test('an informer may ask for its list as a stream', () => {
  const query = parseQuery(
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
  );
  expect(options.watchOptions(query)).toMatchObject({ sendInitialEvents: true, allowWatchBookmarks: true });
});

test.each<[string, () => unknown, number, string]>([
  [
    'a limit that is no number',
    () => options.listOptions(parseQuery('limit=x')),
    400,
    'strconv.ParseInt: parsing "x": invalid syntax',
  ],
  [
    'a number out of range',
    () => options.listOptions(parseQuery('limit=99999999999999999999')),
    400,
    'value out of range',
  ],
  [
    'a malformed selector',
    () => options.listOptions(parseQuery('labelSelector=a+b')),
    400,
    'unable to parse requirement',
  ],
  [
    'a match without a version',
    () => options.listOptions(parseQuery('resourceVersionMatch=Exact')),
    422,
    'forbidden unless resourceVersion is provided',
  ],
  [
    'an exact match of any version',
    () => options.listOptions(parseQuery('resourceVersionMatch=Exact&resourceVersion=0')),
    422,
    'is forbidden for resourceVersion "0"',
  ],
  [
    'an unknown match',
    () => options.listOptions(parseQuery('resourceVersionMatch=X&resourceVersion=1')),
    422,
    'Unsupported value: "X"',
  ],
  [
    'initial events for a list',
    () => options.listOptions(parseQuery('sendInitialEvents=true')),
    422,
    'sendInitialEvents is forbidden for list',
  ],
  [
    'initial events without a match',
    () => options.watchOptions(parseQuery('sendInitialEvents=true')),
    422,
    'requires setting resourceVersionMatch',
  ],
  [
    'an unknown dry run',
    () => options.writeOptions(parseQuery('dryRun=Some'), 'CreateOptions'),
    422,
    'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
  ],
  [
    'an unknown validation',
    () => options.writeOptions(parseQuery('fieldValidation=strict'), 'CreateOptions'),
    422,
    'fieldValidation: Unsupported value',
  ],
  [
    'an apply without a manager',
    () => options.patchOptions(parseQuery(''), 'applyPatch'),
    422,
    'fieldManager: Required value: is required for apply patch',
  ],
  [
    'a forced merge',
    () => options.patchOptions(parseQuery('force=true'), 'mergePatch'),
    422,
    'force: Forbidden: may not be specified for non-apply patch',
  ],
  [
    'an unknown propagation',
    () => options.deleteOptions(parseQuery('propagationPolicy=X')),
    422,
    'propagationPolicy: Unsupported value: "X"',
  ],
  [
    'both ways of orphaning',
    () => deleteOptionsOfBody({ orphanDependents: true, propagationPolicy: 'Orphan' }, builtInSchemas),
    422,
    'cannot be both set',
  ],
])('%s is refused', (_, read, code, message) => {
  expect(read).toThrow(message);
  expect(read).toThrow(expect.objectContaining({ status: expect.objectContaining({ code }) }));
});

test('write options have defaults, and flags their spellings', () => {
  expect(options.writeOptions(parseQuery(''), 'CreateOptions')).toEqual({
    isDryRun: false,
    fieldManager: '',
    fieldValidation: 'Warn',
  });
  expect(options.patchOptions(parseQuery('force=0&fieldManager=k&dryRun=All'), 'applyPatch')).toMatchObject({
    isForced: false,
    isDryRun: true,
  });
  expect(options.patchOptions(parseQuery('force&fieldManager=k'), 'applyPatch').isForced).toBe(true);
});

test('a deletion is described by query or by body', () => {
  expect(options.deleteOptions(parseQuery('gracePeriodSeconds=0&orphanDependents=true'))).toMatchObject({
    gracePeriodSeconds: 0,
    propagationPolicy: 'Orphan',
  });
  expect(deleteOptionsOfBody({ propagationPolicy: 'Background', preconditions: { uid: 'u' } }, builtInSchemas)).toEqual(
    {
      isDryRun: false,
      gracePeriodSeconds: undefined,
      propagationPolicy: 'Background',
      preconditions: { uid: 'u' },
    },
  );
});
