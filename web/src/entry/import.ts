import { call } from '../rest/api';

/** What is wrong with a row, in words. */
export interface RowProblem {
  row: number;
  column?: string;
  code: string;
  text: { vi: string; en: string };
}

/** The answer of POST …/questions/import. */
export interface Imported {
  total: number;
  usable: number;
  imported: { row: number; code: string }[];
  problems: RowProblem[] | null;
  ignored: string[] | null;
  /** The first rows as they were understood, when the table was only looked at. */
  preview?: { row: number; body: string; topic: string; venue?: string }[];
}

/** Ten thousand rows take their time on a small server. */
const WITHIN_MS = 300_000;

/** Where the conference's questions are. */
export function questionsPath(conference: string): string {
  return `/api/v1/conferences/${encodeURIComponent(conference)}/questions`;
}

/** Sends a table to be looked at, or to be imported. Throws a ProblemError. */
export function sendTable(conference: string, file: File, topic: string, check: boolean): Promise<Imported> {
  const query = new URLSearchParams({ ...(topic ? { topic } : {}), ...(check ? { check: '1' } : {}) });
  return call<Imported>('POST', `${questionsPath(conference)}/import?${query}`, file, WITHIN_MS);
}

/** The codes as a table that spreadsheets open: Excel takes UTF-8 only with the mark in front. */
export function codesTable(imported: Imported, heads: readonly [string, string]): string {
  const lines = imported.imported.map(({ row, code }) => `${row},${code}`);
  return `\uFEFF${[heads.join(','), ...lines].join('\r\n')}\r\n`;
}
