/**
 * The few commands that a simulated container understands, so that the small pods of manuals and tests behave as people expect: `true`,
 * `false`, `exit N`, `sleep N`, `echo TEXT`, and `sh -c` with those joined by `;` or `&&`. Any other command is a program that runs until it
 * is stopped.
 */
import type { ContainerProfile } from './container-profile.ts';

interface Life {
  runMs: number;
  exitCode: number;
  readonly lines: string[];
}

const shells = new Set(['sh', '/bin/sh', 'bash', '/bin/bash', 'ash', '/bin/ash']);

/** Returns what the command fixes of a container's life; nothing when it is unknown or empty. */
export function lifeOfCommand(words: readonly string[]): Partial<ContainerProfile> {
  const [program = '', flag = '', script = ''] = words;
  const life: Life = { runMs: 0, exitCode: 0, lines: [] };
  const isScript = shells.has(program) && flag === '-c';
  if (isScript && /\bwhile\b|\bfor\b|\btail -f\b|\|/.test(script)) return {};
  const commands = isScript ? script.split(/;|&&|\n/).map((text) => text.trim().split(/\s+/)) : [words];
  for (const command of commands.filter(([name]) => name !== undefined && name !== '')) {
    const step = run(command, life);
    if (step === 'unknown') return life.lines.length > 0 ? { firstLines: life.lines } : {};
    if (step === 'exit') break;
  }
  if (words.length === 0) return {};
  return { runMs: life.runMs, exitCode: life.exitCode, firstLines: life.lines };
}

/** What one command does in a container that runs: for exec. Null when it is unknown. */
export function outputOfCommand(
  words: readonly string[],
): { readonly exitCode: number; readonly stdout: string; readonly durationMs: number } | null {
  const { runMs, exitCode, firstLines } = lifeOfCommand(words);
  if (runMs === undefined || exitCode === undefined) return null;
  return { exitCode, stdout: (firstLines ?? []).map((line) => `${line}\n`).join(''), durationMs: runMs };
}

function run(command: readonly string[], life: Life): 'done' | 'exit' | 'unknown' {
  const [name = '', first = ''] = command;
  switch (name.slice(name.lastIndexOf('/') + 1)) {
    case 'true':
    case ':':
    case 'set':
      return 'done';
    case 'false':
      life.exitCode = 1;
      return 'exit';
    case 'exit':
      life.exitCode = Number(first) || 0;
      return 'exit';
    case 'sleep':
      life.runMs += durationMsOf(first);
      return 'done';
    case 'echo':
      life.lines.push(unquoted(command.slice(1).join(' ')));
      return 'done';
    default:
      return 'unknown';
  }
}

/** `10`, `0.5`, `2m`, `1h`, `infinity`. */
export function durationMsOf(text: string): number {
  if (text === 'infinity' || text === 'inf') return Number.POSITIVE_INFINITY;
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
  const unit = units[text.at(-1) ?? ''];
  const amount = Number(unit === undefined ? text : text.slice(0, -1));
  return Number.isFinite(amount) ? amount * (unit ?? 1) * 1000 : 0;
}

function unquoted(text: string): string {
  const match = /^(["'])(.*)\1$/.exec(text);
  return match === null ? text : (match[2] ?? '');
}
