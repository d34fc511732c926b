/** The console's addresses: each names a screen and a point in it, so that a colleague sees the same. */
import { createRouter, createWebHashHistory } from 'vue-router';
import Overview from './screens/Overview.vue';

export const router = createRouter({
  history: createWebHashHistory(import.meta.env.BASE_URL),
  routes: [
    { path: '/', name: 'overview', component: Overview },
    { path: '/accounts', name: 'accounts', component: () => import('./screens/Accounts.vue') },
    { path: '/accounts/:account', name: 'account', component: () => import('./screens/Account.vue'), props: true },
    { path: '/verification', name: 'verification', component: () => import('./screens/Verification.vue') },
    { path: '/feed', name: 'feed', component: () => import('./screens/Feed.vue') },
    { path: '/:unknown(.*)', redirect: '/' },
  ],
});
