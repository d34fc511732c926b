/** Starts the kiosk. */
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { watchBack } from './machine/place.ts';
import { speakFocus, watchVoiceKeys } from './machine/voice.ts';
import './style.css';

createApp(App).use(createPinia()).mount('#kiosk');
watchBack();
watchVoiceKeys();
speakFocus();
