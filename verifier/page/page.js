/** The page on which a receipt is dropped, pasted or scanned, and which says what is proven. */
import { checkReceipt, Failure, parsePolicy } from '../src/index.js';
import { canScan, readPicture, scan } from './qr-code.js';
import { element, showResult } from './result.js';
import { en, fr } from './texts.js';

const maxLength = 1_048_576;
const maxPictureLength = 50 * 1_048_576;

const form = element('form', HTMLFormElement);
const receipt = element('receipt', HTMLTextAreaElement);
const policy = element('policy', HTMLTextAreaElement);
const status = element('status', HTMLElement);
const scanButton = element('scan', HTMLButtonElement);
const drop = element('drop', HTMLElement);

/** What the bank that served the page names; none in the file without a network. */
const bankPolicy = document.querySelector('meta[name="bank-policy"]')?.getAttribute('content') ?? '';

/** The language of whoever led here, or else the browser's. */
const language = location.hash === '' ? navigator.language : location.hash.slice(1);
let texts = language.startsWith('fr') ? fr : en;
/** What is shown below, so that it can be shown in the other language. @type {import('../src/receipt.js').ProvenReceipt | Failure | undefined} */
let shown;
/** @type {AbortController | undefined} */
let scanning;

function showTexts() {
  document.documentElement.lang = texts === fr ? 'fr' : 'en';
  document.title = texts.title;
  for (const one of document.querySelectorAll('[data-text]')) {
    one.textContent = String(texts[/** @type {'title'} */ (one.getAttribute('data-text'))]);
  }
  const other = element('language', HTMLButtonElement);
  other.textContent = texts.otherLanguage;
  other.lang = texts === fr ? 'en' : 'fr';
  scanButton.textContent = scanning === undefined ? texts.scan : texts.stopScan;
  status.textContent = '';
  if (shown !== undefined) showResult(shown, texts);
}

/** @param {File} file @param {HTMLTextAreaElement} into */
async function take(file, into) {
  const isPicture = file.type.startsWith('image/');
  if (file.size > (isPicture ? maxPictureLength : maxLength)) {
    status.textContent = texts.tooLarge;
    return;
  }
  const text = isPicture ? await readPicture(file) : await file.text();
  if (text === undefined) status.textContent = canScan ? texts.noQrCode : texts.noScan;
  else into.value = text;
  showWhosePolicy();
}

function showWhosePolicy() {
  element('policy-from-bank', HTMLElement).hidden = bankPolicy === '' || policy.value !== bankPolicy;
}

async function check() {
  if (receipt.value.trim() === '' || policy.value.trim() === '') {
    status.textContent = texts.missing;
    (receipt.value.trim() === '' ? receipt : policy).focus();
    return;
  }
  status.textContent = texts.checking;
  if (!(await hasEd25519())) {
    status.textContent = texts.noEd25519;
    return;
  }
  const bytes = new TextEncoder();
  const rules = await parsePolicy(bytes.encode(policy.value));
  shown = rules instanceof Failure ? rules : await checkReceipt(bytes.encode(receipt.value), rules);
  status.textContent = '';
  showResult(shown, texts);
  element('result', HTMLElement).focus();
}

async function hasEd25519() {
  try {
    // Any 32 bytes that are a key: those of RFC 8032's first test.
    const key = Uint8Array.from(atob('11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='), (char) => char.charCodeAt(0));
    await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']);
    return true;
  } catch {
    return false;
  }
}

async function toggleScan() {
  if (scanning !== undefined) {
    scanning.abort();
    return;
  }
  scanning = new AbortController();
  scanButton.textContent = texts.stopScan;
  status.textContent = texts.scanning;
  const { hasCamera, text } = await scan(element('camera', HTMLVideoElement), scanning.signal);
  scanning = undefined;
  scanButton.textContent = texts.scan;
  status.textContent = !hasCamera ? texts.noCamera : text === undefined ? '' : texts.scanned;
  if (text !== undefined) receipt.value = text;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void check();
});
element('language', HTMLButtonElement).addEventListener('click', () => {
  texts = texts === fr ? en : fr;
  showTexts();
});
for (const [id, into] of /** @type {const} */ ([
  ['receipt-file', receipt],
  ['policy-file', policy],
])) {
  const input = element(id, HTMLInputElement);
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file !== undefined) void take(file, into);
  });
}
drop.addEventListener('dragover', (event) => {
  event.preventDefault();
  drop.classList.add('over');
});
drop.addEventListener('dragleave', () => {
  drop.classList.remove('over');
});
drop.addEventListener('drop', (event) => {
  event.preventDefault();
  drop.classList.remove('over');
  const file = event.dataTransfer?.files[0];
  if (file !== undefined) void take(file, receipt);
});
// A file dropped beside is not opened in place of the page.
for (const name of ['dragover', 'drop']) window.addEventListener(name, (event) => event.preventDefault());

scanButton.addEventListener('click', () => void toggleScan());
policy.addEventListener('input', showWhosePolicy);
if (policy.value === '') policy.value = bankPolicy;
showWhosePolicy();
element('scan', HTMLButtonElement).hidden = !canScan;
element('no-scan', HTMLElement).hidden = canScan;
showTexts();
