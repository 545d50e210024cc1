/** A refusal of the codec server, answered as a problem document (RFC 9457). */
export interface CodecRefusal extends Error {
  readonly status: number;
  readonly code: string;
}

class Refusal extends Error implements CodecRefusal {
  constructor(
    readonly status: number,
    readonly code: string,
    sentence: string,
  ) {
    super(sentence);
  }
}

export function codecRefusal(status: 403 | 404 | 405 | 413 | 415 | 422 | 400 | 500, code: string, sentence: string): CodecRefusal {
  return new Refusal(status, code, sentence);
}

export function isCodecRefusal(error: unknown): error is CodecRefusal {
  return error instanceof Refusal;
}
