import { describe, expect, it } from 'vitest';
import { fragment, readToken } from './token';

function token(grant: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(grant));
  return `${btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}.c2ln`;
}

describe('readToken', () => {
  it('tells whom a link is for', () => {
    const grant = { jti: 'x', c: 'dat-dai', r: 'venue', v: 'ba-dinh', n: 'Nguyễn Văn Đức', e: '2026-11-24T00:00:00Z' };
    expect(readToken(token(grant))).toEqual({
      conference: 'dat-dai',
      role: 'venue',
      venue: 'ba-dinh',
      person: 'Nguyễn Văn Đức',
      expires: '2026-11-24T00:00:00Z',
      demo: false,
    });
    expect(readToken(token({ ...grant, d: 'run' }))?.demo).toBe(true);
  });

  it.each(['', 'x', 'eyJ', token({ r: 'king' }), token({ r: 'citizen' }), token(null)])('does not trust %j', (text) => {
    expect(readToken(text)).toBeNull();
  });
});

describe('fragment', () => {
  it('finds a key', () => {
    expect(fragment('#t=a.b_c-d', 't')).toBe('a.b_c-d');
    expect(fragment('#v=ba-dinh', 't')).toBe('');
    expect(fragment('', 'v')).toBe('');
  });
});
