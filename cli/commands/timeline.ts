import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { evidenceKeys, keptKeys } from '../evidence-keys.ts';
import { complain, printJson, printText } from '../print.ts';
import { readSignedFile } from '../timeline/read-signed-file.ts';
import { renderTimeline } from '../timeline/render-timeline.ts';
import { visibleText } from '../visible-text.ts';
import { withDatabase } from '../with-database.ts';
import { withPath } from '../with-path.ts';

interface VerifyOptions {
  jwks?: string;
  data: string;
  json?: boolean;
}

export function timelineCommand(): Command {
  return new Command('timeline').description('judge an exported timeline').addCommand(verifyCommand());
}

function verifyCommand(): Command {
  return new Command('verify')
    .description('verify the signature of an exported timeline and print it')
    .argument('<file>', 'file made by cs enrollment show --export, or by the operator call')
    .option('--jwks <file>', 'evidence keys, as published at /.well-known/cs-evidence-jwks.json; without it those of the database')
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print JSON')
    .addHelpText('after', '\n  $ cs timeline verify story.jws --jwks evidence-jwks.json\n')
    .action(async (file: string, { jwks, data, json }: VerifyOptions) => {
      const keys = jwks === undefined ? await withDatabase(data, (db) => evidenceKeys(db, undefined)) : keptKeys(jwks);
      const { exportedFor, timeline, kid } = await readSignedFile(
        withPath(file, () => readFileSync(file, 'utf8')),
        keys,
      );
      complain(`Signed by the evidence key ${kid}, for ${visibleText(exportedFor)}, ${timeline.madeAt}.`);
      if (json === true) printJson(timeline);
      else printText(renderTimeline(timeline));
    });
}
