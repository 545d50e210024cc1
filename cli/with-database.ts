import { type Database, openDatabase } from '../store/database.ts';
import { databaseUrlOf } from './place.ts';

/** Lends a command the database of its place and gives it back, however the work ends. Two connections: one may hold a snapshot. */
export async function withDatabase<Result>(data: string, work: (db: Database) => Promise<Result>): Promise<Result> {
  const db = openDatabase(databaseUrlOf(data), { poolSize: 2 });
  try {
    return await work(db);
  } finally {
    await db.$disconnect();
  }
}
