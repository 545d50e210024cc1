import { type Database, openDatabase } from '../store/database.ts';
import { explained } from '../store/database-place.ts';
import { databaseUrlOf } from './place.ts';

/** Lends a command the database of its place and gives it back, however the work ends; trouble with it becomes a sentence. Two connections: one may hold a snapshot. */
export async function withDatabase<Result>(data: string, work: (db: Database) => Promise<Result>): Promise<Result> {
  const url = databaseUrlOf(data);
  const db = openDatabase(url, { poolSize: 2 });
  try {
    return await work(db);
  } catch (error) {
    throw explained(error, url);
  } finally {
    await db.$disconnect();
  }
}
