/** The permanent address of a question's answer. */
export function addressOf(conference: string, question: string): string {
  return `/c/${encodeURIComponent(conference)}/replay#q=${encodeURIComponent(question)}`;
}
