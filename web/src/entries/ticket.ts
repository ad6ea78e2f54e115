import '../register/plain.css';
import { page } from '../ui/page';
import Page from '../ticket/TicketPage.svelte';

page(Page);
