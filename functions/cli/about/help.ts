import type { Command } from 'commander';
import type { Output } from '../terminal.ts';
import { TOPICS } from './topics.ts';

const ABOUT = `help on a verb, or on a topic: ${Object.keys(TOPICS).join(', ')}`;

/** The command `help`, of verbs and of topics. */
export function addHelp(program: Command, { out }: Pick<Output, 'out'>): Command {
  return program
    .helpCommand(false)
    .command('help')
    .description(ABOUT)
    .argument('[words...]')
    .action((words: readonly string[]) => {
      const name = words.join(' ');
      const topic = TOPICS[name];
      const command = find(program, words);
      if (topic === undefined && command === undefined) {
        const exitCode = 2;
        program.error(
          `There is no verb and no topic ${JSON.stringify(name)}; topics are ${Object.keys(TOPICS).join(', ')}`,
          { exitCode },
        );
      }
      // "config" is both.
      if (topic !== undefined) out(`${topic.trim()}\n`);
      if (command !== undefined)
        out(`${topic === undefined ? '' : '\n'}${command.helpInformation()}`);
    });
}

function find(program: Command, words: readonly string[]): Command | undefined {
  return words.reduce<Command | undefined>(
    (command, word) => command?.commands.find((one) => one.name() === word),
    program,
  );
}
