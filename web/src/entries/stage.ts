import { page } from '../ui/page';
import Page from '../stage/StagePage.svelte';

page(Page);
