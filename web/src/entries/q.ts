import { page } from '../ui/page';
import Page from '../track/TrackPage.svelte';

page(Page);
