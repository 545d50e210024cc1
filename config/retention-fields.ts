import { seconds, value, whole } from './field.ts';

/** How long the rows of an ended enrollment are kept (docs/data.md); `remove_expired` refuses less, whatever stands here (ADR 53). */
export const RETENTION = {
  retentionEndedDays: value(
    'CS_RETENTION_ENDED_DAYS',
    whole(7, 3_650).default(30),
    'Days after its end that an enrollment without a certificate is kept; 7 to 3650.',
  ),
  retentionCertifiedDays: value(
    'CS_RETENTION_CERTIFIED_DAYS',
    whole(62, 3_650).default(90),
    'Days after notAfter of its latest certificate that an enrollment is kept; 62 to 3650.',
  ),
  retentionIntervalSeconds: value(
    'CS_RETENTION_INTERVAL_SECONDS',
    seconds(600, 86_400),
    'How often the retention loop looks for what has come due; a day at most.',
  ),
  retentionAlarmSeconds: value(
    'CS_RETENTION_ALARM_SECONDS',
    seconds(86_400, 604_800),
    'How long the retention loop may fail before the worker is unready; a week at most.',
  ),
};
