import { Command } from 'commander';
import { enrollmentWorkflowId, isEnrollmentId } from '../../contract/ids.ts';
import { readEnrollmentId } from '../../contract/read-enrollment-id.ts';
import { type Criterion, type FoundEnrollment, findEnrollments } from '../../store/find.ts';
import { attachment } from '../dev/dev-json.ts';
import { nothingFits } from '../nothing-fits.ts';
import { printJson, printText } from '../print.ts';
import { visibleText } from '../visible-text.ts';
import { withDatabase } from '../with-database.ts';

interface FindOptions {
  device?: string;
  user?: string;
  serial?: string;
  enrollment?: string;
  data: string;
  ui?: string;
  namespace: string;
  json?: boolean;
}

export function findCommand(): Command {
  return new Command('find')
    .description('from a device, user, serial number or enrollment to its certificates and its workflow')
    .option('--device <id>', 'device id')
    .option('--user <id>', 'user id')
    .option('--serial <hex>', 'serial number of a certificate, hex, with or without colons')
    .option('--enrollment <uuid>', 'enrollment id')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--ui <url>', 'base address of the Temporal UI, for the links')
    .option('--namespace <name>', 'Temporal namespace, for the links', 'default')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nUses CS_DATABASE_URL_FILE if it is set, else the development stack of --data.\n\n  $ cs find --device d-1\n  $ cs find --serial 5C:3A:… --json\n',
    )
    .action(find);
}

async function find(options: FindOptions): Promise<void> {
  const criterion = toCriterion(options);
  const ui = uiOf(options);
  const found = (await withDatabase(options.data, (db) => findEnrollments(db, criterion))).map((one) => ({
    ...one,
    workflowId: workflowOf(one),
    temporal: link(ui, options.namespace, one),
  }));
  if (options.json === true) printJson(found);
  else printText(found.map(render).join('\n\n') || nothingFits(options));
}

function toCriterion({ device, user, serial, enrollment }: FindOptions): Criterion {
  if (device === undefined && user === undefined && serial === undefined && enrollment === undefined) {
    throw new Error('Say what to find: --device, --user, --serial or --enrollment.');
  }
  const given = enrollment === undefined ? undefined : readEnrollmentId(enrollment);
  if (given?.fault !== undefined) throw new Error(`--enrollment: ${given.fault}`);
  if (serial !== undefined && !/^[0-9A-Fa-f: ]+$/.test(serial))
    throw new Error(
      `--serial takes hex digits, with or without colons; ${visibleText(serial)} has others: openssl x509 -serial prints it.`,
    );
  return {
    ...(device === undefined ? {} : { deviceId: device }),
    ...(user === undefined ? {} : { userId: user }),
    ...(serial === undefined ? {} : { serial: serial.replaceAll(/[^0-9A-Fa-f]/g, '') }),
    ...(given?.id === undefined ? {} : { enrollmentId: given.id }),
  };
}

function uiOf({ data, ui }: FindOptions): string | undefined {
  return process.env['CS_DATABASE_URL_FILE'] === undefined ? (ui ?? attachment(data).temporal.ui) : ui;
}

function workflowOf({ enrollmentId }: FoundEnrollment): string {
  return isEnrollmentId(enrollmentId) ? enrollmentWorkflowId(enrollmentId) : '';
}

function link(ui: string | undefined, namespace: string, one: FoundEnrollment): string | undefined {
  return ui === undefined ? undefined : `${ui}/namespaces/${namespace}/workflows/${workflowOf(one)}`;
}

function render(one: FoundEnrollment & { temporal: string | undefined }): string {
  const end = one.code === null ? '' : ` (${one.code})`;
  return [
    `enrollment ${one.enrollmentId}  ${one.state}${end}`,
    `  user ${visibleText(one.userId)}  device ${visibleText(one.deviceId)}  token ${visibleText(one.tokenId)}  client ${visibleText(one.clientId)}`,
    `  created ${one.createdAt.toISOString()}${one.endedAt === null ? '' : `  ended ${one.endedAt.toISOString()}`}`,
    ...one.certificates.map(
      ({ kind, serial, issuerId, status, notAfter }) =>
        `  ${kind.padEnd(4)} ${serial}  ${status}  by ${issuerId}  until ${notAfter.toISOString()}`,
    ),
    ...(one.temporal === undefined ? [] : [`  ${one.temporal}`]),
  ].join('\n');
}
