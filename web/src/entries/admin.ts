import { page } from '../ui/page';
import Page from '../admin/AdminPage.svelte';

page(Page);
