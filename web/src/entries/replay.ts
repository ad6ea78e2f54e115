import { page } from '../ui/page';
import Page from '../replay/ReplayPage.svelte';

page(Page);
