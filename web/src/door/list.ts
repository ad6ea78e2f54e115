/** Where a registration stood when the list was made. */
export type Standing = 'confirmed' | 'checkedIn' | 'offered' | 'waiting';

/** One person of the list, as GET …/devices/{device}/list tells it. */
export interface Listed {
  registration: string;
  code: string;
  name: string;
  organisation?: string;
  commune?: string;
  phoneEnds?: string;
  state: Standing;
  reserved?: boolean;
}

/** The list of one venue, unsealed. */
export interface List {
  venue: string;
  at: string;
  people: Listed[];
}

/** Names alike but for case and marks of Vietnamese: told apart at the door. */
export function folded(name: string): string {
  return name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replaceAll('đ', 'd')
    .replaceAll('Đ', 'D')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .trim();
}

/** A list that can be asked: by code, by registration, by name. */
export class Book {
  readonly list: List;
  readonly #byCode = new Map<string, Listed>();
  readonly #named = new Map<string, number>();

  constructor(list: List) {
    this.list = list;
    for (const person of list.people) {
      this.#byCode.set(person.code, person);
      const name = folded(person.name);
      this.#named.set(name, (this.#named.get(name) ?? 0) + 1);
    }
  }

  find(code: string): Listed | undefined {
    return this.#byCode.get(code);
  }

  /** How many people of the venue have this name. */
  called(name: string): number {
    return this.#named.get(folded(name)) ?? 0;
  }

  /** Who has all the words of a query in the name, at most `most`, in Vietnamese order. */
  search(query: string, most = 20): Listed[] {
    const words = folded(query).split(' ').filter(Boolean);
    if (words.length === 0) return [];
    const found = this.list.people.filter((person) => {
      const name = ` ${folded(person.name)}`;
      return words.every((word) => name.includes(` ${word}`));
    });
    const order = new Intl.Collator('vi');
    return found.sort((a, b) => order.compare(a.name, b.name)).slice(0, most);
  }
}
