import { describe, expect, test } from 'vitest';
import { enrollmentCommand } from '../../cli/commands/enrollment.ts';
import { findCommand } from '../../cli/commands/find.ts';
import { pinRequest } from '../../contract/http.ts';
import { readEnrollmentId } from '../../contract/read-enrollment-id.ts';
import { toEnrollmentId } from '../../sdk/enrollment-id.ts';

const ID = 'dc61c9c5-6c95-42aa-821c-74804c8789f7';
const REFUSED = [
  ['in braces', `{${ID.toUpperCase()}}`, ID, 'stands in braces, leave them out'],
  ['as a URN', `urn:uuid:${ID}`, ID, 'begins with urn:uuid:, leave that out'],
  ['without dashes', ID.replaceAll('-', ''), ID, 'lacks its dashes'],
  ['a digit short', ID.slice(1), undefined, 'this is none'],
  ['with some of its dashes', ID.replace('-', ''), undefined, 'this is none'],
  ['with a line feed behind it', `${ID}\n`, undefined, 'this is none'],
  ['of another alphabet', ID.replace('d', 'g'), undefined, 'this is none'],
  ['of digits of another script', ID.replace('1', '１'), undefined, 'this is none'],
  ['a path', '../x', undefined, 'this is none'],
  ['nothing', '', undefined, 'this is none'],
] as const;

describe('an enrollment id', () => {
  test.each([ID, ID.toUpperCase(), `${ID.slice(0, 13).toUpperCase()}${ID.slice(13)}`])('as %s is one and the same', (text) => {
    expect(readEnrollmentId(text)).toEqual({ id: ID, fault: undefined });
    expect(toEnrollmentId(text)).toBe(ID);
  });

  test.each(REFUSED)('%s is refused, and the form is named', async (_what, text, id, says) => {
    const { fault = '', ...read } = readEnrollmentId(text);
    expect([read.id, fault]).toEqual([id, expect.stringMatching(/^Enrollment ids are UUIDs with dashes, .*\.$/s)]);
    expect(fault).toContain(says);
    expect(() => toEnrollmentId(text)).toThrow(
      expect.objectContaining({ code: 'configuration', message: expect.stringContaining('UUID') }),
    );
    await expect(enrollmentCommand().parseAsync(['show', '--', text], { from: 'user' })).rejects.toThrow(says);
    await expect(findCommand().parseAsync([`--enrollment=${text}`], { from: 'user' })).rejects.toThrow(says);
  });
});

describe('an attemptId', () => {
  const body = { mode: 'verify', pinHash: { v: 1, kid: 's1', value: 'A'.repeat(43) } };

  test('is one id in either case', () => {
    expect(pinRequest.parse({ ...body, attemptId: ID.toUpperCase() }).attemptId).toBe(ID);
  });

  test.each([`{${ID}}`, `urn:uuid:${ID}`, ID.replaceAll('-', ''), ''])('as %s is refused', (attemptId) => {
    expect(pinRequest.safeParse({ ...body, attemptId }).error?.issues[0]?.message).toBe('a UUID with dashes, without braces or urn:uuid:');
  });
});
