/** From arguments to a command: what the user asked for, or what is wrong with it in one line. Pure: it prints and exits nothing. */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import type { ControlCommand } from './control.ts';
import { parseDurationMs } from './duration.ts';

export type OutputFormat = 'text' | 'json';

/** What `threemaster start` was asked for. Undefined fields: as the cluster of that name was started before, else the default. */
export interface StartRequest {
  readonly masters?: number;
  readonly nodes?: number;
  readonly dataDirectory?: string;
  /** A file into which the cluster is written beside what is there. */
  readonly kubeconfigFile?: string;
  readonly port?: number;
  readonly adminToken?: string;
  readonly profile?: 'fast' | 'kubernetes';
  /** Nodes that come and go; empty: none. */
  readonly nodeGroups?: readonly NodeGroupRequest[];
  /** Which controllers run, as kube-controller-manager takes it. */
  readonly controllers?: readonly string[];
  /** How pods run that name no RuntimeClass. */
  readonly runtime?: 'simulated' | 'worker' | 'process';
  /** A file of Stage objects of KWOK; empty: none any more. */
  readonly stagesFile?: string;
  /** A registry of images on loopback: at any port, or at this one; `false`: none any more. */
  readonly registry?: boolean | number;
}

/** What `threemaster push` was asked for. */
export interface PushRequest {
  /** Without a registry: the one of the cluster. */
  readonly image: string;
  readonly directory: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workingDirectory: string;
}

export interface NodeGroupRequest {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

/** Every command is about the cluster of one name, unless it says otherwise. */
export type Invocation =
  | { readonly type: 'demo'; readonly once: boolean; readonly masters: number; readonly nodes: number }
  | {
      readonly type: 'start';
      readonly name: string;
      readonly output: OutputFormat;
      readonly isDetached: boolean;
      readonly request: StartRequest;
    }
  /** What a detached start runs: options arrive from its parent. */
  | { readonly type: 'serve' }
  | {
      readonly type: 'control';
      readonly name: string;
      readonly output: OutputFormat;
      readonly command: ControlCommand;
    }
  | { readonly type: 'push'; readonly name: string; readonly output: OutputFormat; readonly request: PushRequest }
  | { readonly type: 'delete'; readonly name: string; readonly output: OutputFormat }
  | { readonly type: 'list'; readonly output: OutputFormat }
  /** Text to be printed, and the exit code that goes with it. */
  | { readonly type: 'print'; readonly text: string; readonly exitCode: number };

interface Common {
  readonly name: string;
  readonly output: OutputFormat;
}

const nameForm = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/;
const memberHelp = 'master-0, node-2, or a part such as master-0/apiserver';

/** Parses the arguments behind the program's name. */
export function parseCommandLine(argumentsGiven: readonly string[], version: string): Invocation {
  let invocation: Invocation | null = null;
  let text = '';
  const program = new Command('threemaster')
    .description('A Kubernetes-compatible cluster with several masters, in one Node.js process.')
    .exitOverride()
    .configureOutput({
      writeOut: (part) => {
        text += part;
      },
      writeErr: (part) => {
        text += part;
      },
    })
    .showSuggestionAfterError()
    .addHelpText('after', examples);
  addCommands(program, version, (found) => {
    invocation = found;
  });
  try {
    program.parse(withCommand(argumentsGiven), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { type: 'print', text, exitCode: error.exitCode === 0 ? 0 : 2 };
  }
  return invocation ?? { type: 'print', text: program.helpInformation(), exitCode: 2 };
}

const examples = `
Examples:
  threemaster start --masters 3 --nodes 5 --detach
  export KUBECONFIG=$(threemaster status --output json | node -p 'JSON.parse(require("fs").readFileSync(0)).kubeconfig')
  threemaster kill master-0
  threemaster partition master-0 master-1,master-2
  threemaster heal
  threemaster stop`;

type Take = (invocation: Invocation) => void;

function addCommands(program: Command, version: string, take: Take): void {
  addDemo(program, take);
  addStart(program, take);
  addPush(program, take);
  const control = (name: string, description: string): Command =>
    common(program.command(name)).description(description);
  const asControl = ({ name, output }: Common, command: ControlCommand): void =>
    take({ type: 'control', name, output, command });
  control('status', 'say what runs, who leads and what is missing; exit code 0 only if the cluster is ready').action(
    (options: Common) => asControl(options, { type: 'status' }),
  );
  control('kill', 'end a member, or a part of one, at once, as kill -9 does; it stays down until it is restarted')
    .argument('<member>', memberHelp)
    .action((member: string, options: Common) => asControl(options, { type: 'kill', member }));
  control('pause', 'stop a member, or a part of one, where it stands')
    .argument('<member>', memberHelp)
    .option('--for <duration>', 'resume it after so long, such as 500ms, 5s or 1m', duration)
    .action((member: string, options: Common & { for?: number }) =>
      asControl(options, { type: 'pause', member, forMs: options.for ?? null }),
    );
  control('resume', 'let a paused member, or part of one, go on')
    .argument('<member>', memberHelp)
    .action((member: string, options: Common) => asControl(options, { type: 'resume', member }));
  control('restart', 'start a member, or a part of one, again; what still runs of it is killed first')
    .argument('<member>', memberHelp)
    .action((member: string, options: Common) => asControl(options, { type: 'restart', member }));
  control('partition', 'cut groups of members off from each other; members in no group reach everybody')
    .argument('<groups...>', 'members separated by commas, groups by spaces: master-0,node-0 master-1,master-2')
    .action((groups: string[], options: Common) =>
      asControl(options, { type: 'partition', groups: groups.map((group) => group.split(',').filter(Boolean)) }),
    );
  control('heal', 'end all partitions and disturbances').action((options: Common) =>
    asControl(options, { type: 'heal' }),
  );
  control('add-master', 'add a master, and return when it takes its part').action((options: Common) =>
    asControl(options, { type: 'addMaster' }),
  );
  control('remove-master', 'take a master away for good, dead or alive; the others must be a majority without it')
    .argument('<master>', 'master-1')
    .action((member: string, options: Common) => asControl(options, { type: 'removeMaster', member }));
  control('stop', 'end the cluster in order; what it keeps in a data directory stays').action((options: Common) =>
    asControl(options, { type: 'stop' }),
  );
  control(
    'delete',
    'end the cluster if it runs, and remove everything that is left of it, its data directory included',
  ).action(({ name, output }: Common) => take({ type: 'delete', name, output }));
  addOutput(program.command('list'))
    .description('list the clusters of this user on this machine')
    .allowExcessArguments(false)
    .action(({ output }: Common) => take({ type: 'list', output }));
  addOutput(program.command('version'))
    .description('print the version')
    .allowExcessArguments(false)
    .action(({ output }: Common) => {
      const text = output === 'json' ? JSON.stringify({ version }) : version;
      take({ type: 'print', text: `${text}\n`, exitCode: 0 });
    });
  program.command('serve', { hidden: true }).action(() => take({ type: 'serve' }));
}

function addDemo(program: Command, take: Take): void {
  program
    .command('demo')
    .description(
      'start a cluster, kill its leading master under load, show that nothing was lost, and stay up until Ctrl-C',
    )
    .option(
      '--once',
      'exit when it has been shown, with a JSON summary as the last line; exit code 0 only if all of it held',
      false,
    )
    .option('--masters <count>', 'masters, 1 to 7', wholeNumber(1, 7), 3)
    .option('--nodes <count>', 'worker nodes, 0 to 1000', wholeNumber(0, 1000), 3)
    .allowExcessArguments(false)
    .action(({ once, masters, nodes }: { once: boolean; masters: number; nodes: number }) => {
      take({ type: 'demo', once, masters, nodes });
    });
}

interface StartOptions extends Common {
  readonly masters?: number;
  readonly nodes?: number;
  readonly dataDir?: string;
  readonly kubeconfig?: string;
  readonly port?: number;
  readonly token?: string;
  readonly profile?: 'fast' | 'kubernetes';
  readonly nodeGroup?: readonly NodeGroupRequest[];
  readonly controllers?: readonly string[];
  readonly runtime?: NonNullable<StartRequest['runtime']>;
  readonly stages?: string;
  readonly registry?: boolean | number;
  readonly detach: boolean;
}

function addStart(program: Command, take: Take): void {
  common(program.command('start'))
    .description(
      'start a cluster and stay up until Ctrl-C, or with --detach return when it is ready. A name that was used before starts as it did then',
    )
    .option('--masters <count>', 'masters, 1 to 7 (default: 3)', wholeNumber(1, 7))
    .option('--nodes <count>', 'worker nodes, 0 to 5000 (default: 3)', wholeNumber(0, 5_000))
    .option(
      '--node-group <name:min:max>',
      'nodes that are added when pods find no room and removed when idle; may be given several times',
      nodeGroup,
    )
    .option('--data-dir <folder>', 'keep everything there: every acknowledged write survives the process')
    .option('--kubeconfig <file>', 'also write the cluster into this file, beside what it holds, and make it current')
    .option(
      '--port <port>',
      'port of the API on loopback (default: the one before, else a free one)',
      wholeNumber(1, 65_535),
    )
    .option('--token <token>', "the administrator's bearer token (default: the one before, else a random one)")
    .addOption(
      new Option('--profile <timing>', 'fast finds failures within seconds; kubernetes has the real defaults').choices([
        'fast',
        'kubernetes',
      ]),
    )
    .option(
      '--controllers <list>',
      "which controllers run: '*' (default) for all, NAME for one, -NAME for all but that one; split by commas",
      (text: string) => text.split(','),
    )
    .addOption(
      new Option(
        '--runtime <handler>',
        'how pods run that name no RuntimeClass: simulated (default), as worker threads, or as processes of this machine',
      ).choices(['simulated', 'worker', 'process']),
    )
    .option('--stages <file>', 'what simulated pods do, as Stage objects of KWOK in YAML')
    .option(
      '--registry [port]',
      'serve a registry of images on loopback, at a free port or this one',
      wholeNumber(1, 65_535),
    )
    .option('--no-registry', 'no registry any more, where there was one before')
    .option('--detach', 'return when the cluster is ready; it goes on in the background', false)
    .action((options: StartOptions) => {
      const { name, output, detach } = options;
      take({ type: 'start', name, output, isDetached: detach, request: startRequestOf(options) });
    });
}

function startRequestOf(options: StartOptions): StartRequest {
  const { masters, nodes, dataDir, kubeconfig, port, token, profile, runtime, stages, registry, nodeGroup } = options;
  const { controllers } = options;
  return {
    ...(masters === undefined ? {} : { masters }),
    ...(nodes === undefined ? {} : { nodes }),
    ...(dataDir === undefined ? {} : { dataDirectory: dataDir }),
    ...(kubeconfig === undefined ? {} : { kubeconfigFile: kubeconfig }),
    ...(port === undefined ? {} : { port }),
    ...(token === undefined ? {} : { adminToken: token }),
    ...(profile === undefined ? {} : { profile }),
    ...(nodeGroup === undefined ? {} : { nodeGroups: nodeGroup }),
    ...(controllers === undefined ? {} : { controllers }),
    ...(runtime === undefined ? {} : { runtime }),
    ...(stages === undefined ? {} : { stagesFile: stages }),
    ...(registry === undefined ? {} : { registry }),
  };
}

interface PushOptions extends Common {
  readonly entrypoint?: string;
  readonly cmd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly workdir: string;
}

function addPush(program: Command, take: Take): void {
  common(program.command('push'))
    .description("make an image of a folder and push it, to the cluster's own registry unless the name tells one")
    .argument('<image>', 'shop/web:v1, or with a registry 127.0.0.1:5000/shop/web:v1')
    .argument('<folder>', 'what is in it stands at the root of the image')
    .option('--entrypoint <words>', "what the image starts, such as 'node /main.mjs'")
    .option('--cmd <words>', 'arguments that a pod may replace')
    .option('--env <name=value>', 'a variable of the environment; may be given several times', variable)
    .option('--workdir <folder>', 'where it starts, within the image', '/')
    .action((image: string, directory: string, options: PushOptions) => {
      const { name, output, entrypoint = '', cmd = '', env = {}, workdir: workingDirectory } = options;
      const request = { image, directory, entrypoint: words(entrypoint), command: words(cmd), env, workingDirectory };
      take({ type: 'push', name, output, request });
    });
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** Collects what was given several times. */
function variable(text: string, former: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  if (at <= 0) throw new InvalidArgumentError('Must be NAME=VALUE.');
  return { ...former, [text.slice(0, at)]: text.slice(at + 1) };
}

function common(command: Command): Command {
  return addOutput(command)
    .option('--name <name>', 'which cluster: 1 to 40 lower-case letters, digits or dashes', clusterName, 'default')
    .allowExcessArguments(false);
}

function addOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'for people or for programs').choices(['text', 'json']).default('text'),
  );
}

/** Without a command it is the demo that is meant; its options may come alone. */
function withCommand(given: readonly string[]): string[] {
  const [first] = given;
  const isCommand = first !== undefined && (!first.startsWith('-') || first === '--help' || first === '-h');
  return isCommand ? [...given] : ['demo', ...given];
}

/** Collects what was given several times. */
function nodeGroup(text: string, former: readonly NodeGroupRequest[] = []): readonly NodeGroupRequest[] {
  const [, name, min, max] =
    /^([a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?):(\d{1,4}):(\d{1,4})$/.exec(text)?.filter((_part, index) => index !== 2) ??
    [];
  const group = { name: name ?? '', min: Number(min), max: Number(max) };
  if (name === undefined || group.min > group.max) {
    throw new InvalidArgumentError('Must be NAME:MIN:MAX, such as workers:0:5.');
  }
  return [...former, group];
}

function clusterName(text: string): string {
  if (nameForm.test(text)) return text;
  throw new InvalidArgumentError('Must be 1 to 40 lower-case letters, digits or dashes.');
}

function duration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === null) throw new InvalidArgumentError('Must be a duration such as 500ms, 5s or 1m.');
  return durationMs;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Must be a whole number from ${min} to ${max}.`);
  };
}
