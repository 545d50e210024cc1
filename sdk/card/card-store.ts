import { parseJson } from '../read-json.ts';
import { SdkError } from '../sdk-error.ts';
import { type CardContent, EMPTY_CARD, type EnrollmentJournal, parseCardContent } from './card-content.ts';
import { decryptCard, encryptCard } from './card-encryption.ts';
import { readCardFile, removeCardFile, writeCardFile } from './card-file.ts';

/** The card's content in memory and on the disk, always the same. One process may have a card open at a time. */
export class CardStore {
  readonly #directory: string;
  readonly #secret: Uint8Array;
  #content: CardContent;
  #writing: Promise<void> = Promise.resolve();

  private constructor(directory: string, secret: Uint8Array, content: CardContent) {
    this.#directory = directory;
    this.#secret = secret;
    this.#content = content;
  }

  static async open(directory: string, secret: Uint8Array): Promise<CardStore> {
    const file = await readCardFile(directory);
    return new CardStore(directory, secret, file === undefined ? EMPTY_CARD : decode(decryptCard(secret, file)));
  }

  get content(): CardContent {
    return this.#content;
  }

  /** Resolves when `change` of the content is on the disk; memory changes only then. Writes happen one after the other. */
  async change(change: (content: CardContent) => CardContent): Promise<void> {
    const write = this.#writing.then(async () => {
      const next = change(this.#content);
      const plain = Buffer.from(JSON.stringify(next));
      await writeCardFile(this.#directory, encryptCard(this.#secret, plain));
      plain.fill(0);
      this.#content = next;
    });
    this.#writing = write.catch(() => undefined);
    return write;
  }

  /** Changes members of the journal. Throws `nothing_to_resume` when there is none. */
  async note(members: Partial<EnrollmentJournal>): Promise<EnrollmentJournal> {
    await this.change((content) => ({ ...content, journal: { ...journalOf(content), ...members } }));
    return journalOf(this.#content);
  }

  get journal(): EnrollmentJournal {
    return journalOf(this.#content);
  }

  async destroy(): Promise<void> {
    await this.#writing;
    await removeCardFile(this.#directory);
    this.#content = EMPTY_CARD;
  }
}

function journalOf(content: CardContent): EnrollmentJournal {
  if (content.journal === undefined) throw new SdkError('nothing_to_resume', 'the card holds no unfinished enrollment');
  return content.journal;
}

function decode(plain: Buffer): CardContent {
  const content = parseCardContent(parseJson(plain.toString('utf8'), (message) => new SdkError('card_damaged', message)));
  plain.fill(0);
  return content;
}
