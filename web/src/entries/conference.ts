import { page } from '../ui/page';
import Page from '../citizen/ConferencePage.svelte';

page(Page);
