export declare function makeInternalTls(options: {
  give: (holder: string, file: string, content: string) => void;
  apiNames: readonly string[];
  codecNames?: readonly string[];
  names?: { postgres: readonly string[]; temporal: readonly string[] };
}): Promise<void>;
