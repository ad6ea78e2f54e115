import { page } from '../ui/page';
import Page from '../home/HomePage.svelte';

page(Page);
