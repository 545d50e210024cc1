import { describe, expect, test } from 'vitest';
import { databaseUrl } from '../../config/database-url.ts';

describe('the URL of the database', () => {
  test.each([
    'postgresql://cs_api:secret@db.example.org/certificate_service',
    'postgres://cs_api@127.0.0.1:5432/certificate_service?sslmode=verify-full&sslrootcert=/etc/ca.pem\n',
    'postgresql://cs_api:p%40ss%23w%2Frd@[::1]:5432/certificate_service',
  ])('%s is taken', (content) => {
    expect(databaseUrl.parse(content)).toBe(content.trim());
  });

  test.each([
    [
      'a # in the password',
      'postgresql://cs_api:p@xyz#w/rd@127.0.0.1:5432/certificate_service',
      /^has a # in it.*write @ as %40, # as %23/,
    ],
    ['a # at the end', 'postgresql://cs_api:hunter2@127.0.0.1/certificate_service#', /^has a #/],
    ['a / in the password', 'postgresql://cs_api:12/34@127.0.0.1/certificate_service', /^names no user.*%2F/],
    ['no user', 'postgresql://127.0.0.1/certificate_service', /^names no user/],
    ['no database', 'postgresql://cs_api:hunter2@127.0.0.1', /^names no database/],
    ['no database but a slash', 'postgresql://cs_api:hunter2@127.0.0.1/', /^names no database/],
    ['a ? in the password', 'postgresql://cs_api:p?xyz@127.0.0.1/certificate_service', /^is no URL postgresql:.*%3F/],
    ['another protocol', 'mysql://cs_api:hunter2@127.0.0.1/certificate_service', /^is no URL postgresql:/],
  ])('%s: refused, and no part of it is repeated', (_what, content, says) => {
    const message = databaseUrl.safeParse(content).error?.issues[0]?.message ?? '';
    expect(message).toMatch(says);
    expect(message).not.toMatch(/hunter2|xyz|w\/rd|12\/34/);
  });
});
