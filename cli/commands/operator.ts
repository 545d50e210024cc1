import { Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { endedResponse, inspectedResponse, listResponse, lockedUsersResponse, sweepResponse } from '../../contract/operator-http.ts';
import { type OperatorClient, type OperatorOptions, operatorClient } from '../operator/operator-client.ts';
import { renderEnrollment, renderLine } from '../operator/render-enrollment.ts';
import { printJson, printText } from '../print.ts';
import { visibleText } from '../visible-text.ts';

/** Writes JSON or the text for people; exactly one of them. */
type Say = (answer: unknown, text: () => string) => void;

interface ListOptions {
  state?: string;
  olderThan?: string;
  user?: string;
  device?: string;
  serial?: string;
  code?: string;
  limit?: string;
  cursor?: string;
}

export function operatorCommand(): Command {
  return new Command('operator')
    .description('operator calls: list, show and cancel enrollments, reset PINs, sweep; each is audited with your name')
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(cancelCommand())
    .addCommand(resetPinCommand())
    .addCommand(lockedUsersCommand())
    .addCommand(sweepCommand())
    .addHelpText(
      'after',
      '\nWithout --url the development stack of --data. In production, with an access token (scopes operator:read, operator:act) of your identity provider in a file:\n\n  $ cs operator list --state open --older-than 10m --url https://operator.cs.example.org:8444 --token-file ~/.cs-token --ca ca.pem\n',
    );
}

function listCommand(): Command {
  const command = new Command('list')
    .description('enrollments, newest first')
    .option('--state <state>', 'one state, or open for all that have not ended')
    .option('--older-than <time>', 'in its state for at least so long: 90, 90s, 10m, 2h', toSeconds)
    .option('--user <id>', 'user id')
    .option('--device <id>', 'device id')
    .option('--serial <hex>', 'serial number of a certificate, with or without colons')
    .option('--code <code>', 'why it ended, deadline_csr for example')
    .option('--limit <n>', 'rows a page, at most 500')
    .option('--cursor <text>', 'goes on where a page ended');
  return run(command, async (client, say, { olderThan, user, device, ...same }) => {
    const { state, serial, code, limit, cursor } = same;
    const query = { state, serial, code, limit, cursor, olderThanSeconds: olderThan, userId: user, deviceId: device };
    const page = await client.call('GET', '/v1/operator/enrollments', listResponse, query);
    say(
      page,
      () =>
        [...page.enrollments.map(renderLine), ...more(page.next)].join('\n') ||
        'Nothing fits: no enrollment of this kind. Leave out options to see more.',
    );
  });
}

function showCommand(): Command {
  const command = new Command('show')
    .argument('<enrollment>', 'enrollment id')
    .description('one enrollment: rows, live process, certificates');
  return run(command, async (client, say, _options, id) => {
    const one = await client.call('GET', `/v1/operator/enrollments/${encodeURIComponent(id)}`, inspectedResponse);
    say(one, () => renderEnrollment(one));
  });
}

function cancelCommand(): Command {
  const command = new Command('cancel')
    .argument('<enrollment>', 'enrollment id')
    .description('end an open enrollment, also while Temporal is away');
  return run(command, async (client, say, _options, id) => {
    const ended = await client.call('POST', `/v1/operator/enrollments/${encodeURIComponent(id)}/cancel`, endedResponse);
    say(ended, () => `${id} has ended: ${ended.state} (${ended.code ?? ''}).`);
  });
}

function resetPinCommand(): Command {
  const command = new Command('reset-pin')
    .argument('<user>', 'user id')
    .description('remove the PIN of a user, which ends a lock and all their open enrollments');
  return run(command, async (client, say, _options, userId) => {
    await client.call('DELETE', `/v1/operator/users/${encodeURIComponent(userId)}/pin`, z.undefined());
    say(
      { userId, status: 'absent' },
      () =>
        `${userId} has no PIN now, whether there was one or not, and what was open has ended (pin_reset); the next enrollment asks for a new one.`,
    );
  });
}

function lockedUsersCommand(): Command {
  const command = new Command('locked-users')
    .description('users whose PIN is locked')
    .option('--limit <n>', 'rows a page, at most 500')
    .option('--cursor <text>', 'goes on where a page ended');
  return run(command, async (client, say, { limit, cursor }) => {
    const page = await client.call('GET', '/v1/operator/locked-users', lockedUsersResponse, { limit, cursor });
    const lines = page.users.map(({ userId, failed }) => `${visibleText(userId)}  ${failed} wrong PINs`);
    say(page, () => [...lines, ...more(page.next)].join('\n') || 'Nobody is locked.');
  });
}

function sweepCommand(): Command {
  return run(new Command('sweep').description('end overdue enrollments and start unstarted workflows now'), async (client, say) => {
    const swept = await client.call('POST', '/v1/operator/sweep', sweepResponse);
    const { ended, passedOver, started, notStarted } = swept;
    const held = passedOver.length === 0 ? '' : `${passedOver.length} could not be ended now, `;
    const text = `${ended.length} ended, ${held}${started.length} workflow(s) started, ${notStarted.length} could not be started.`;
    say(swept, () => text);
  });
}

/** What all of them take, and how they begin and end. */
function run(
  command: Command,
  work: (client: OperatorClient, say: Say, options: ListOptions & OperatorOptions, argument: string) => Promise<void>,
): Command {
  return command
    .option('--url <url>', 'https address of the operator listener')
    .option('--token-file <file>', 'file with your access token')
    .option('--ca <file>', 'CA certificate (PEM) of the operator listener, when the system does not know it')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print JSON')
    .action(async (...given: unknown[]) => {
      const argument = typeof given[0] === 'string' ? given[0] : '';
      const options: ListOptions & OperatorOptions = command.opts();
      const client = await operatorClient(options);
      try {
        await work(client, (answer, text) => (options.json === true ? printJson(answer) : printText(text())), options, argument);
      } finally {
        await client.close();
      }
    });
}

function more(cursor: string | undefined): string[] {
  return cursor === undefined ? [] : [`There are more: --cursor ${cursor}`];
}

function toSeconds(text: string): string {
  const [, number, unit = 's'] = /^(\d{1,6})([smhd]?)$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('a time is a number with s, m, h or d: 90s, 10m, 2h');
  return String(Number(number) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1));
}
