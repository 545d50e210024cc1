import { parseArgs } from 'node:util';
import { type AttackResult, attack } from './pin-guard/attack.ts';
import { flood } from './pin-guard/flood.ts';
import { type PinWorld, startPinWorld } from './pin-guard/pin-world.ts';
import { type StackUnderTest, stackUnderTest } from './stack-under-test.ts';

const USAGE = `npm run pin-guard -- [options]
  --guesses <n>      wrong guesses at once (10000)
  --enrollments <n>  enrollments of the user that they come over (500)
  --processes <n>    API processes (2)
  --sockets <n>      TLS connections to each process (250)
  --flood <n>        parallel set-ups of the flood that good users must get through (1000)
  --only <part>      attack or flood
  --set NAME=VALUE   a setting for the API processes; may be repeated
  --data <folder>    data folder (or dev.json) of a running stack; without it an own one is started and thrown away`;

/** So that the queue before Argon2 does not protect the counter: every guess reaches the charge. */
const OPEN_QUEUE = { CS_ARGON_SLOTS: '16', CS_ARGON_QUEUE: '10000', CS_ARGON_SHARE: '10000', CS_RATE_LIMITS: 'false' };

const say = (sentence: string) => process.stderr.write(`${sentence}\n`);

function readOptions() {
  return parseArgs({
    options: {
      guesses: { type: 'string', default: '10000' },
      enrollments: { type: 'string', default: '500' },
      processes: { type: 'string', default: '2' },
      sockets: { type: 'string', default: '250' },
      flood: { type: 'string', default: '1000' },
      set: { type: 'string', multiple: true, default: [] },
      only: { type: 'string' },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values;
}

/** Shows the PIN guard under attack: evaluated guesses with delays on and off, and good users during a flood. Fails when it does not hold. */
async function main(): Promise<void> {
  const values = readOptions();
  if (values.help) {
    say(USAGE);
    return;
  }
  const stack = await stackUnderTest(values.data);
  const given = Object.fromEntries(values.set.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
  const within = async (settings: Record<string, string>, work: (world: PinWorld) => Promise<void>) => {
    const world = await startPinWorld(stack.dev, {
      folder: stack.scratch,
      count: Number(values.processes),
      connections: Number(values.sockets),
      settings: { ...settings, ...given },
    });
    try {
      await work(world);
    } finally {
      await world.stop();
    }
  };
  const size = { guesses: Number(values.guesses), enrollments: Number(values.enrollments) };
  try {
    if (values.only !== 'flood') {
      await within({ ...OPEN_QUEUE, CS_PIN_DELAYS: 'false' }, async (world) => {
        judge('delays off', await attack(world, { ...size, right: false }));
        judge('delays off, one right guess', await attack(world, { ...size, right: true }));
      });
      await within(OPEN_QUEUE, async (world) => judge('delays on', await attack(world, { ...size, right: false })));
    }
    if (values.only !== 'attack') {
      await within({}, (world) => floodReport('flood, ordinary shares', world, stack, Number(values.flood)));
      await within({ CS_ARGON_SHARE: '10000' }, (world) => floodReport('flood, no shares', world, stack, Number(values.flood)));
    }
  } finally {
    await stack.stop();
  }
}

function judge(name: string, result: AttackResult): void {
  const { guesses, enrollments, seconds, evaluated, charged, failed, answers, rightAnswer } = result;
  const counts = Object.entries(answers).map(([answer, count]) => `${answer} ${count}`);
  const right = rightAnswer === undefined ? '' : `; the right guess: ${rightAnswer.status} ${rightAnswer.code}`;
  process.stdout.write(
    `${name}: ${guesses} guesses over ${enrollments} enrollments in ${seconds.toFixed(1)} s: evaluated ${evaluated}, charged ${charged}, ` +
      `failed ${failed}${right} (${counts.join(', ')})\n`,
  );
  // A right guess gives back what stood at its charge: at most ten more.
  const most = rightAnswer?.status === 200 ? 20 : 10;
  if (evaluated > most || charged > most || evaluated !== charged) process.exitCode = 1;
}

async function floodReport(name: string, world: PinWorld, { saltKeys }: StackUnderTest, parallel: number): Promise<void> {
  const { latencies, goodRepetitions, floodJudged, floodTurnedAway } = await flood(world, saltKeys, { parallel, good: 10 });
  const of = (share: number) => Math.round(latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN);
  process.stdout.write(
    `${name}: ${parallel} parallel set-ups of one user, ${latencies.length} good users all satisfied: p50 ${of(0.5)} ms, slowest ${of(1)} ms, ` +
      `${goodRepetitions} repetitions; the flood: ${floodJudged} judged meanwhile, ${floodTurnedAway} times turned away\n`,
  );
}

await main();
