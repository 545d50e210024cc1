import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { DELIVERY_FORMATS, type DeliveryFormat, KEY_TYPES, type KeyType } from '../../contract/key-types.ts';
import { enrollOne } from '../demo/enroll-one.ts';
import { narrator } from '../demo/narrate.ts';
import { attachment } from '../dev/dev-json.ts';
import { printJson, printText } from '../print.ts';

interface EnrollOptions {
  data: string;
  user: string;
  device: string;
  pin: string;
  verify?: boolean;
  key: KeyType;
  sdkKey?: KeyType;
  format: DeliveryFormat;
  json?: boolean;
}

export const DEMO_PIN = '482913';

export function enrollCommand(): Command {
  return new Command('enroll')
    .description('enroll one device against the running development stack, with the reference SDK')
    .option('--user <id>', 'user id', 'u-demo')
    .option('--device <id>', 'device id', 'd-1')
    .option('--pin <digits>', 'the PIN that the user chooses or has', DEMO_PIN)
    .option('--verify', 'ask for the PIN even if the user has one')
    .addOption(new Option('--key <type>', 'type of the user key').choices(KEY_TYPES).default('EC:P-256'))
    .addOption(
      new Option('--sdk-key <type>', 'type of the SDK key; the service follows the user key otherwise').choices(['EC:P-256', 'RSA:2048']),
    )
    .addOption(new Option('--format <format>', 'how the SDK key is sealed').choices(DELIVERY_FORMATS).default('jwe'))
    .option('--data <folder>', 'data folder of the development stack', 'data')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\n  $ cs enroll --device d-2\n  $ cs enroll --user u-2 --key RSA:2048 --format cms --json\n')
    .action(enroll);
}

async function enroll(options: EnrollOptions): Promise<void> {
  const dev = attachment(options.data);
  const quiet = options.json === true;
  const narration = narrator((line) => quiet || printText(line));
  const enrolled = await enrollOne(dev, {
    userId: options.user,
    deviceId: options.device,
    pin: options.pin,
    pinPolicy: options.verify === true ? 'verify' : 'skip-if-present',
    keyType: options.key,
    deliveryFormat: options.format,
    cardFolder: join(resolve(options.data), 'cards', `${options.user}.${options.device}`.replaceAll(':', '_')),
    onRegistered: narration.registered,
    onStep: narration.step,
    ...(options.sdkKey === undefined ? {} : { sdkKeyType: options.sdkKey }),
  });
  if (quiet) printJson(enrolled);
  else printText(`\nEnrolled in ${enrolled.milliseconds} ms; the card is in ${enrolled.cardFolder}.`);
}
