import { page } from '../ui/page';
import Page from '../venue/VenuePage.svelte';

page(Page);
