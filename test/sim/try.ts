import { describeViolation } from './scenario.ts';
import { storeScenario } from './scenarios/store.ts';
import { Tally, tallyText } from './tally.ts';

const from = Number(process.argv[2] ?? 1),
  to = Number(process.argv[3] ?? from);
const trace = process.argv[4] ? console.log : undefined;
const marks = new Tally(),
  injected = new Tally(),
  ops = new Tally();
let virtual = 0,
  bad = 0;
const t0 = process.cpuUsage().user;
for (let seed = from; seed <= to; seed++) {
  const t = Date.now();
  const r = await storeScenario.run(seed, trace);
  if (r.violations.length) {
    bad++;
    console.log(describeViolation(r).slice(0, 3000));
  }
  if (Date.now() - t > 1500)
    console.log('slow', seed, Date.now() - t, r.steps, r.virtualMs, JSON.stringify(r.operations));
  marks.addAll(r.marks);
  injected.addAll(r.injected);
  ops.addAll(r.operations);
  virtual += r.virtualMs;
  if (to === from) console.log(r.traceHash, r.steps);
}
console.log(tallyText(marks.toRecord()));
console.log(tallyText(injected.toRecord()));
console.log(tallyText(ops.toRecord()));
console.log(
  'missing',
  storeScenario.expectedMarks.filter((m) => marks.of(m) === 0),
  'bad',
  bad,
  'virtual s',
  virtual / 1000,
  'cpu s',
  (process.cpuUsage().user - t0) / 1e6,
);
