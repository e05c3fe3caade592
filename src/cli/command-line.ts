/** From arguments to a command: what the user asked for, or what is wrong with it in one line. Pure: it prints and exits nothing. */
import { Command, CommanderError, InvalidArgumentError } from 'commander';

export type Invocation =
  | { readonly type: 'demo'; readonly once: boolean; readonly masters: number; readonly nodes: number }
  /** Text to be printed, and the exit code that goes with it. */
  | { readonly type: 'print'; readonly text: string; readonly exitCode: number };

/** Parses the arguments behind the program's name. */
export function parseCommandLine(argumentsGiven: readonly string[], version: string): Invocation {
  let invocation: Invocation | null = null;
  let text = '';
  const write = (part: string): void => {
    text += part;
  };
  const program = new Command('threemaster')
    .description('A Kubernetes-compatible cluster with several masters, in one Node.js process.')
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: write })
    .showSuggestionAfterError();
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
      invocation = { type: 'demo', once, masters, nodes };
    });
  program
    .command('version')
    .description('print the version')
    .action(() => {
      invocation = { type: 'print', text: `${version}\n`, exitCode: 0 };
    });
  try {
    program.parse(withCommand(argumentsGiven), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { type: 'print', text, exitCode: error.exitCode };
  }
  return invocation ?? { type: 'print', text: program.helpInformation(), exitCode: 2 };
}

/** Without a command it is the demo that is meant; its options may come alone. */
function withCommand(given: readonly string[]): string[] {
  const [first] = given;
  const isCommand = first !== undefined && (!first.startsWith('-') || first === '--help' || first === '-h');
  return isCommand ? [...given] : ['demo', ...given];
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Must be a whole number from ${min} to ${max}.`);
  };
}
