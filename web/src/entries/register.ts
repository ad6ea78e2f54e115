import '../register/plain.css';
import { here } from '../register/here';
import Page from '../register/RegisterPage.svelte';
import { page } from '../ui/page';

/** The form without script stands until the better one has all it needs, but not for ever. */
const PATIENCE_MS = 2_500;

const patience = new Promise((over) => {
  setTimeout(over, PATIENCE_MS);
});
page(Page, Promise.race([here.registration.load(), patience]));
