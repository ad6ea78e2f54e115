import { Registration } from './info.svelte';

/** The form that the server wrote, also when it was sent back from another address. */
const plain = document.querySelector<HTMLElement>('main.plain');
const id = plain?.dataset['conference'] ?? decodeURIComponent(location.pathname.split('/')[2] ?? '');

/** The conference this page registers for. */
export const here = { id, registration: new Registration(id) };
