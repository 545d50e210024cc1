import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Command } from 'commander';
import type { EnrollmentId } from '../../contract/ids.ts';
import { readEnrollmentId } from '../../contract/read-enrollment-id.ts';
import type { Database } from '../../store/database.ts';
import { readSignedTimeline, requestTimeline } from '../../store/timeline-request.ts';
import { clientConnectionOptions } from '../../temporal/connection-options.ts';
import { operatorName } from '../operator-name.ts';
import { temporalOf } from '../place.ts';
import { complain, printJson, printText } from '../print.ts';
import { gatherTimeline } from '../timeline/gather-timeline.ts';
import { renderTimeline } from '../timeline/render-timeline.ts';
import { withDatabase } from '../with-database.ts';

interface ShowOptions {
  data: string;
  json?: boolean;
  export?: string;
}

export function enrollmentCommand(): Command {
  return new Command('enrollment').description('the story of one enrollment').addCommand(showCommand());
}

function showCommand(): Command {
  return new Command('show')
    .description('tell everything that happened to an enrollment, from audit and workflow, and why it ended')
    .argument('<id>', 'enrollment id; cs find leads to it')
    .option('--export <file>', 'write it as one file that the evidence key signed; must not exist')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nUses CS_DATABASE_URL_FILE, and with it CS_TEMPORAL_ADDRESS and the other CS_TEMPORAL_ settings, if they are set, else the development stack of --data. Needs no codec key.\n■ audit row  · event of the workflow\n\n  $ cs enrollment show 5f6c1f6a-95f0-4d4c-8a0f-0a4a5f5b8f10 --export story.jws\n',
    )
    .action(show);
}

async function show(text: string, options: ShowOptions): Promise<void> {
  const { id, fault } = readEnrollmentId(text);
  if (id === undefined || fault !== undefined) throw new Error(`${fault ?? ''} cs find --device leads to it.`);
  if (options.export !== undefined && existsSync(options.export))
    throw new Error(`${options.export} exists already: choose another name. Nothing was signed.`);
  await withDatabase(options.data, (db) => showFrom(db, id, options));
}

async function showFrom(db: Database, id: EnrollmentId, options: ShowOptions): Promise<void> {
  const to = temporalOf(options.data);
  const connection = to === undefined ? undefined : Connection.lazy(clientConnectionOptions(to));
  try {
    const { namespace } = to ?? {};
    const client = connection === undefined || namespace === undefined ? undefined : new Client({ connection, namespace });
    const timeline = await gatherTimeline(db, client, id);
    if (options.json === true) printJson(timeline);
    else printText(renderTimeline(timeline));
    if (options.export !== undefined) await exportSigned(db, id, options.export);
  } finally {
    await connection?.close();
  }
}

const SIGNED_WAIT_MS = 15_000;

/** The evidence key is in the enrollment worker alone: it makes and signs the document, this command only asks and fetches. */
async function exportSigned(db: Database, id: EnrollmentId, file: string): Promise<void> {
  const request = await requestTimeline(db, id, operatorName());
  for (let waited = 0; waited < SIGNED_WAIT_MS; waited += 250) {
    const jws = await readSignedTimeline(db, request);
    if (jws !== undefined) {
      writeFileSync(file, `${jws}\n`, { flag: 'wx', mode: 0o600 });
      complain(`Signed by the evidence key: ${file}. Verify it with: cs timeline verify ${file}`);
      return;
    }
    await sleep(250);
  }
  throw new Error(
    'No enrollment worker signed the timeline: is `cs worker` running, on this database? Look at its /readyz, then ask again.',
  );
}
