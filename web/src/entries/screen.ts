import { page } from '../ui/page';
import Page from '../screen/ScreenPage.svelte';

page(Page);
