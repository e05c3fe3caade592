/**
 * Goal: the checker accepts exactly the histories that a register could have given. Method: small histories by hand, random ones that are
 * made from a sequential run by stretching its operations in time (and so must be accepted), and the same with one answer falsified.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkLinearizable } from './checker.ts';
import { checkHistory, type HistoryRecord, parseHistory } from './history.ts';
import { type RegisterCall, register } from './register.ts';

type Line = Partial<HistoryRecord> & { readonly op: HistoryRecord['op']; readonly at: readonly [number, number?] };

function verdictOf(lines: readonly Line[]): string {
  const records = lines.map(({ at: [called, returned], ...rest }, client): HistoryRecord => {
    const end = returned === undefined ? { unknown: true } : { return_ns: returned };
    return { client, key: 'k', ...rest, call_ns: called, ...end };
  });
  return checkHistory(records).type;
}

const accepted: readonly [string, readonly Line[]][] = [
  ['the empty history', []],
  ['a read of an absent key', [{ op: 'get', value: null, at: [0, 1] }]],
  [
    'a read during a write may see the old or the new value',
    [
      { op: 'put', value: 'a', at: [0, 10] },
      { op: 'get', value: null, at: [1, 2] },
      { op: 'get', value: 'a', at: [3, 4] },
    ],
  ],
  [
    'operations that touch at one moment are concurrent',
    [
      { op: 'put', value: 'a', at: [0, 5] },
      { op: 'get', value: null, at: [5, 6] },
    ],
  ],
  [
    'an unknown write that took effect late',
    [
      { op: 'put', value: 'a', at: [0] },
      { op: 'get', value: null, at: [10, 11] },
      { op: 'get', value: 'a', at: [20, 21] },
    ],
  ],
  [
    'an unknown write that never took effect',
    [
      { op: 'put', value: 'a', at: [0] },
      { op: 'get', value: null, at: [10, 11] },
    ],
  ],
  [
    'an unknown swap that failed, and one that did not',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'cas', expected: 'b', value: 'c', at: [2] },
      { op: 'cas', expected: 'a', value: 'd', at: [2] },
      { op: 'get', value: 'd', at: [5, 6] },
    ],
  ],
  [
    'a put that was refused for certain',
    [
      { op: 'put', value: 'a', ok: false, at: [0, 1] },
      { op: 'get', value: null, at: [2, 3] },
    ],
  ],
  [
    'two creations of which one found the other',
    [
      { op: 'cas', expected: null, value: 'a', ok: false, at: [0, 9] },
      { op: 'cas', expected: null, value: 'b', ok: true, at: [0, 9] },
      { op: 'get', value: 'b', at: [10, 11] },
    ],
  ],
];

const refused: readonly [string, readonly Line[]][] = [
  [
    'a stale read',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'put', value: 'b', at: [2, 3] },
      { op: 'get', value: 'a', at: [4, 5] },
    ],
  ],
  [
    'a lost write',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'get', value: null, at: [2, 3] },
    ],
  ],
  ['a value from nowhere', [{ op: 'get', value: 'x', at: [0, 1] }]],
  [
    'a value from the future',
    [
      { op: 'get', value: 'a', at: [0, 1] },
      { op: 'put', value: 'a', at: [2, 3] },
    ],
  ],
  [
    'an unknown write seen, then unseen',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'put', value: 'b', at: [2] },
      { op: 'get', value: 'b', at: [3, 4] },
      { op: 'get', value: 'a', at: [5, 6] },
    ],
  ],
  [
    'an unknown write that takes effect before it was called',
    [
      { op: 'get', value: 'a', at: [0, 1] },
      { op: 'put', value: 'a', at: [2] },
    ],
  ],
  [
    'two swaps from the same value',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'cas', expected: 'a', value: 'b', ok: true, at: [2, 9] },
      { op: 'cas', expected: 'a', value: 'c', ok: true, at: [2, 9] },
    ],
  ],
  [
    'a failed swap that should have succeeded',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'cas', expected: 'a', value: 'b', ok: false, at: [2, 3] },
    ],
  ],
  [
    'two deletions of one value',
    [
      { op: 'put', value: 'a', at: [0, 1] },
      { op: 'delete', ok: true, at: [2, 9] },
      { op: 'delete', ok: true, at: [2, 9] },
    ],
  ],
];

test.each(accepted)('%s is accepted', (_name, lines) => {
  expect(verdictOf(lines)).toBe('OK');
});

test.each(refused)('%s is refused', (_name, lines) => {
  expect(verdictOf(lines)).toBe('ILLEGAL');
});

test('keys are checked apart, and the report names the key and the operation that fits nowhere', () => {
  const history = [
    '# two keys',
    '{"client":1,"op":"put","key":"x","value":"a","call_ns":0,"return_ns":1}',
    '{"client":1,"op":"put","key":"y","value":"b","call_ns":2,"return_ns":3}',
    '',
    '{"client":2,"op":"get","key":"y","value":"a","call_ns":4,"return_ns":5}',
  ];
  const verdict = checkHistory(parseHistory(history.join('\n')));
  expect(verdict).toMatchObject({ type: 'ILLEGAL', key: 'y', stuck: { client: 2, op: 'get' } });
});

test('a line that is no operation is refused with its number', () => {
  expect(() => parseHistory('\n{')).toThrow('line 2');
  expect(() => parseHistory('{"client":1,"op":"swap","key":"x","call_ns":0}')).toThrow('unknown op');
  expect(() => parseHistory('{"client":1,"op":"cas","key":"x","value":"a","call_ns":0,"return_ns":1}')).toThrow('ok');
  expect(() => parseHistory('{"client":1,"op":"get","key":"x","call_ns":5,"return_ns":1}')).toThrow('before');
});

test('a search that would take too long is given up', () => {
  const puts = Array.from({ length: 20 }, (_, index) => ({
    call: { type: 'put', value: `v${index}` } as RegisterCall,
    called: 0,
    returned: 1,
  }));
  const get = { call: { type: 'get', value: 'none' } as RegisterCall, called: 2, returned: 3 };
  expect(checkLinearizable(register, [...puts, get], 1_000).type).toBe('UNKNOWN');
});

interface Step {
  readonly call: 'put' | 'get' | 'cas' | 'delete';
  readonly isGuess: boolean;
  readonly before: number;
  readonly after: number;
  readonly isUnknown: boolean;
}

const steps = fc.array(
  fc.record({
    call: fc.constantFrom('put', 'get', 'cas', 'delete' as const),
    isGuess: fc.boolean(),
    before: fc.nat(35),
    after: fc.nat(35),
    isUnknown: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  }),
  { minLength: 1, maxLength: 60 },
);

/** Runs the steps one after another, the n-th at moment 10 n, and says that each was called earlier and returned later. */
function stretched(run: readonly Step[]): HistoryRecord[] {
  let state: string | null = null;
  return run.map(({ call, isGuess, before, after, isUnknown }, index): HistoryRecord => {
    const value = `v${index}`;
    const base = { client: index, op: call, key: 'k', call_ns: index * 10 + 5 - before };
    const end = isUnknown ? { unknown: true } : { return_ns: index * 10 + 5 + after };
    const held: string | null = state;
    if (call === 'get') return { ...base, ...end, value: held };
    if (call === 'put') {
      state = value;
      return { ...base, ...end, value };
    }
    if (call === 'delete') {
      state = null;
      return { ...base, ...end, ok: held !== null };
    }
    const expected = isGuess ? 'something else' : held;
    if (expected === held) state = value;
    return { ...base, ...end, value, expected, ok: expected === held };
  });
}

test('whatever a register did one by one is accepted, however the operations overlap and whichever answers are lost', () => {
  fc.assert(
    fc.property(steps, (run) => {
      expect(checkHistory(stretched(run)).type).toBe('OK');
    }),
    { numRuns: 300 },
  );
});

test('a read of a value that was overwritten long before is refused, wherever it is planted', () => {
  fc.assert(
    fc.property(steps, (run) => {
      const history = stretched(run);
      const end = run.length * 10 + 100;
      const mark = { client: 'x', op: 'put', key: 'k' } as const;
      const planted: HistoryRecord[] = [
        ...history.map((record) => ({ ...record, unknown: false, return_ns: record.return_ns ?? record.call_ns + 40 })),
        { ...mark, value: 'last', call_ns: end, return_ns: end + 1 },
        { ...mark, op: 'get', value: `v${run.length - 1}`, call_ns: end + 2, return_ns: end + 3 },
      ];
      expect(checkHistory(planted).type).toBe('ILLEGAL');
    }),
    { numRuns: 200 },
  );
});
