import { page } from '../ui/page';
import Page from '../moderate/ModeratePage.svelte';

page(Page);
