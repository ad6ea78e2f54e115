/** A typed or pasted tracking code as the server knows it: upper case, no spaces. */
export function tidyCode(typed: string): string {
  return typed.normalize('NFKC').replace(/\s+/g, '').toUpperCase();
}

/** The code in a page's fragment: "#ABC"; "" when there is none. */
export function codeOf(hash: string): string {
  const text = hash.replace(/^#/, '');
  try {
    return tidyCode(decodeURIComponent(text));
  } catch {
    return '';
  }
}
