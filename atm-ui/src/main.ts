/** Starts the kiosk. */
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { watchBack } from './device/screen.ts';
import { speakFocus, watchVoiceKeys } from './device/voice.ts';

createApp(App).use(createPinia()).mount('#kiosk');
watchBack();
watchVoiceKeys();
speakFocus();
