/**
 * `threemaster/load URL`: asks for a URL again and again and tells once a second how it went. `--rate` requests a second (else 10),
 * `--duration` seconds (else until it is stopped), `--timeout` ms (else 1000). Ends with 1 if any request failed.
 */
import { request as httpRequest } from 'node:http';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Container } from './container.ts';
import { option } from './http-serving.ts';

interface Tally {
  good: number;
  bad: number;
  readonly latenciesMs: number[];
}

/** More requests than this are never under way at once: what is beyond counts as failed. */
const underWayMax = 256;

export async function load(container: Container): Promise<number> {
  const { args, stdout, stderr } = container;
  const target = args.find((arg) => /^https?:\/\//.test(arg)) ?? container.env['TARGET'];
  if (target === undefined) {
    stderr.write('threemaster/load: name a URL as argument or in $TARGET\n');
    return 2;
  }
  const url = new URL(target);
  const rate = Math.max(0.01, Number(option(args, 'rate') ?? 10));
  const endMs = performance.now() + Number(option(args, 'duration') ?? Number.POSITIVE_INFINITY) * 1_000;
  const timeoutMs = Number(option(args, 'timeout') ?? 1_000);
  const state = { isStopped: false, underWay: 0 };
  container.onSignal(() => (state.isStopped = true));
  let tally: Tally = { good: 0, bad: 0, latenciesMs: [] };
  let failures = 0;
  let toldMs = performance.now();
  const tell = (): void => {
    stdout.write(`${describe(tally)}\n`);
    failures += tally.bad;
    tally = { good: 0, bad: 0, latenciesMs: [] };
  };
  for (let dueMs = performance.now(); !state.isStopped && performance.now() < endMs; dueMs += 1_000 / rate) {
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
    const beganMs = performance.now();
    const own = tally;
    if (state.underWay >= underWayMax) own.bad += 1;
    else {
      state.underWay += 1;
      void ask(container, url, timeoutMs).then((isGood) => {
        state.underWay -= 1;
        own.latenciesMs.push(performance.now() - beganMs);
        if (isGood) own.good += 1;
        else own.bad += 1;
      });
    }
    if (beganMs - toldMs < 1_000) continue;
    toldMs = beganMs;
    tell();
  }
  for (const lastMs = performance.now() + timeoutMs; state.underWay > 0 && performance.now() < lastMs; ) await delay(5);
  tell();
  return failures > 0 ? 1 : 0;
}

function ask(container: Container, url: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpRequest(
      {
        host: container.resolve(url.hostname),
        port: url.port || 80,
        path: `${url.pathname}${url.search}`,
        headers: { Host: url.host },
        timeout: timeoutMs,
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve((response.statusCode ?? 0) < 400));
        response.on('error', () => resolve(false));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.end();
  });
}

function describe({ good, bad, latenciesMs }: Tally): string {
  const sorted = latenciesMs.toSorted((left, right) => left - right);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  return `ok=${good} failed=${bad} p50=${at(0.5)}ms p99=${at(0.99)}ms`;
}
