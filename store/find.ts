import { type Executor, inDatabase } from './database.ts';

export interface FoundEnrollment {
  enrollmentId: string;
  clientId: string;
  userId: string;
  deviceId: string;
  tokenId: string;
  state: string;
  code: string | null;
  createdAt: Date;
  endedAt: Date | null;
  certificates: { kind: string; serial: string; issuerId: string; status: string; notAfter: Date }[];
}

export interface Criterion {
  deviceId?: string;
  userId?: string;
  enrollmentId?: string;
  /** Hex in either case. */
  serial?: string;
}

const MOST = 100;

/** The newest enrollments that fit all given criteria. */
export async function findEnrollments(db: Executor, { serial, enrollmentId, ...columns }: Criterion): Promise<FoundEnrollment[]> {
  const rows = await inDatabase(() =>
    db.enrollment.findMany({
      where: {
        ...columns,
        ...(enrollmentId === undefined ? {} : { id: enrollmentId }),
        ...(serial === undefined ? {} : { intents: { some: { serial: serial.toLowerCase() } } }),
      },
      orderBy: { createdAt: 'desc' },
      take: MOST,
      include: { certificates: { select: { kind: true, serial: true, issuerId: true, status: true, notAfter: true } } },
    }),
  );
  return rows.map(({ id, clientId, userId, deviceId, tokenId, state, code, createdAt, endedAt, certificates }) => ({
    enrollmentId: id,
    clientId,
    userId,
    deviceId,
    tokenId,
    state,
    code,
    createdAt,
    endedAt,
    certificates,
  }));
}
