/**
 * How a simulated container lives, as data. A profile comes from, in this order, the later winning: the defaults, the profile of the image, the
 * container's command (simulated-command.ts), and the pod's annotations. An annotation `threemaster.dev/NAME` holds for every container of
 * the pod, `threemaster.dev/NAME.CONTAINER` for one of them:
 *
 *   pull-latency-ms    how long pulling the image takes
 *   image-bytes        how big the image is said to be; nothing is measured
 *   pull-error         a message: pulling fails with it
 *   start-latency-ms   from start to running
 *   start-error        a message: starting fails with it
 *   ready-delay-ms     from running until network probes succeed
 *   unready-after-ms   from running until network probes fail again
 *   run-ms             from running to its end; absent: until it is stopped
 *   exit-code          of that end
 *   exit-message       the termination message of that end
 *   stop-latency-ms    from SIGTERM to its end
 *   ignore-stop        `true`: only SIGKILL ends it
 *   log-lines-per-second
 *   log-text           what a line says; `{n}` stands for its number
 *   cpu-millis, memory-bytes   what it uses: a number, or a curve over its life (usage-curve.ts)
 */
import type { ContainerConfig } from '../protocol/runtime.ts';
import { lifeOfCommand } from './simulated-command.ts';
import { parseUsageCurve, steady, type UsageCurve } from './usage-curve.ts';

export interface ContainerProfile {
  readonly pullLatencyMs: number;
  readonly pullError: string;
  readonly imageBytes: number;
  readonly startLatencyMs: number;
  readonly startError: string;
  readonly readyDelayMs: number;
  /** Infinite: stays ready. */
  readonly unreadyAfterMs: number;
  /** Infinite: runs until it is stopped. */
  readonly runMs: number;
  readonly exitCode: number;
  readonly exitMessage: string;
  readonly stopLatencyMs: number;
  readonly ignoresStop: boolean;
  readonly logLinesPerSecond: number;
  readonly logText: string;
  /** Lines written at the start. */
  readonly firstLines: readonly string[];
  readonly cpuMillis: UsageCurve;
  readonly memoryBytes: UsageCurve;
}

export const defaultContainerProfile: ContainerProfile = {
  pullLatencyMs: 0,
  pullError: '',
  imageBytes: 10_000_000,
  startLatencyMs: 0,
  startError: '',
  readyDelayMs: 0,
  unreadyAfterMs: Number.POSITIVE_INFINITY,
  runMs: Number.POSITIVE_INFINITY,
  exitCode: 0,
  exitMessage: '',
  stopLatencyMs: 0,
  ignoresStop: false,
  logLinesPerSecond: 0,
  logText: 'line {n}',
  firstLines: [],
  cpuMillis: steady(1),
  memoryBytes: steady(1_000_000),
};

/** Profiles by image name, with or without its tag. */
export type ImageProfiles = Readonly<Record<string, Partial<ContainerProfile>>>;

const prefix = 'threemaster.dev/';
const numbers: Readonly<Record<string, keyof ContainerProfile>> = {
  'pull-latency-ms': 'pullLatencyMs',
  'image-bytes': 'imageBytes',
  'start-latency-ms': 'startLatencyMs',
  'ready-delay-ms': 'readyDelayMs',
  'unready-after-ms': 'unreadyAfterMs',
  'run-ms': 'runMs',
  'exit-code': 'exitCode',
  'stop-latency-ms': 'stopLatencyMs',
  'log-lines-per-second': 'logLinesPerSecond',
};
const curves: Readonly<Record<string, keyof ContainerProfile>> = {
  'cpu-millis': 'cpuMillis',
  'memory-bytes': 'memoryBytes',
};
const texts: Readonly<Record<string, keyof ContainerProfile>> = {
  'pull-error': 'pullError',
  'start-error': 'startError',
  'exit-message': 'exitMessage',
  'log-text': 'logText',
};

/** Returns the profile of an image alone: what a pull goes by. */
export function imageProfileOf(
  image: string,
  profiles: ImageProfiles,
  annotations: Readonly<Record<string, string>>,
): ContainerProfile {
  return { ...defaultContainerProfile, ...namedProfile(image, profiles), ...annotated(annotations, '') };
}

/** Returns the profile of one container. */
export function containerProfileOf(
  config: ContainerConfig,
  profiles: ImageProfiles,
  annotations: Readonly<Record<string, string>>,
  hostname = '',
): ContainerProfile {
  const place = { hostname, folder: config.workingDirectory === '' ? '/' : config.workingDirectory };
  return {
    ...defaultContainerProfile,
    ...(config.isExpectedToEnd ? { runMs: 0 } : {}),
    ...namedProfile(config.image, profiles),
    ...lifeOfCommand([...config.command, ...config.args], config.env, place),
    ...annotated(annotations, ''),
    ...annotated(annotations, `.${config.name}`),
  };
}

function namedProfile(image: string, profiles: ImageProfiles): Partial<ContainerProfile> {
  const last = image.slice(image.lastIndexOf('/') + 1);
  const bare = last.split(/[:@]/)[0] ?? last;
  const found = [image, last, bare].find((name) => Object.hasOwn(profiles, name));
  return found === undefined ? {} : (profiles[found] ?? {});
}

/** Reads the annotations whose names end in `suffix`; what is no number where one is wanted is passed over. */
function annotated(annotations: Readonly<Record<string, string>>, suffix: string): Partial<ContainerProfile> {
  const profile: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(numbers)) {
    const value = annotations[`${prefix}${name}${suffix}`];
    if (value !== undefined && value !== '' && Number.isFinite(Number(value))) profile[field] = Number(value);
  }
  for (const [name, field] of Object.entries(texts)) {
    const value = annotations[`${prefix}${name}${suffix}`];
    if (value !== undefined) profile[field] = value;
  }
  for (const [name, field] of Object.entries(curves)) {
    const curve = parseUsageCurve(annotations[`${prefix}${name}${suffix}`] ?? '');
    if (curve !== undefined) profile[field] = curve;
  }
  const ignoresStop = annotations[`${prefix}ignore-stop${suffix}`];
  if (ignoresStop !== undefined) profile['ignoresStop'] = ignoresStop === 'true';
  return profile as Partial<ContainerProfile>;
}
