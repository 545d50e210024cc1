/** How a challenge that is not ours departs from the form of one (protocol §3), in a sentence; of the right form it is of another enrollment. */
export function nameMismatch(text: string): string {
  if (/^[0-9a-f]{82}$/.test(text)) return 'The challenge was not made for this enrollment: put in challenge.value of its own view.';
  if (/^[0-9A-Fa-f]{82}$/.test(text)) return 'The challenge is in upper case: put in challenge.value unchanged, in lower case.';
  if (/^\s*[0-9a-f]{82}\s*$/.test(text)) return 'The challenge has white space around it: put in challenge.value unchanged.';
  return `The challenge has ${text.length} octets and is not the 82 lower-case hex digits of challenge.value: put that in unchanged.`;
}
