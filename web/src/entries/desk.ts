import { page } from '../ui/page';
import Page from '../desk/DeskPage.svelte';

page(Page);
