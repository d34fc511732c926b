/** The vectors of the formats: the test leaves of Certificate Transparency, a log and a witness with known keys, and entries gl1. */
import { readFileSync } from 'node:fs';

export const leaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')));

/** By size, from 1. */
export const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

export const inclusionOf5In8 = [
  'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
];
export const consistency6To8 = [
  '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
  'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
];
export const consistency3To7 = [
  '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
  '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  '837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e',
];

export const specKey = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
export const specNote =
  'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n';

export const logKey = 'bank.example/journal-main+16837142+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4';
export const witnessKey = 'witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X';
export const policy = `log ${logKey}\nwitness w1 ${witnessKey}\nquorum w1\n`;
export const checkpoint = `bank.example/journal-main
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— bank.example/journal-main FoNxQtIebe7RXFhGLXQlSO60JKfZ9GZoOCBto2aIgFpbBEDDJ5HZTvKLUqx3zLQEylL12MqKfqfg2hJgIVPsUTxxLQM=
— witness.example/w1 IDJKvgAAAABlU/EAY/NAo94Puz0whMeFnJ9e2Dos0Qv9yIz/hyy0EwHgTAL+boLWRP1kkMiIJMiOwgkvIUES8eNc+tmAAYkUc7dZAQ==
`;
export const proof = `c2sp.org/tlog-proof@v1
index 5
vBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=
yoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=
037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=

${checkpoint}`;

/** Entries of the form gl1 (docs/decisions/proofs.md): event, entry and leaf hash. */
export const entries = JSON.parse(readFileSync(new URL('entries.json', import.meta.url), 'utf8')) as {
  readonly event: string;
  readonly entry: string;
  readonly leafHash: string;
}[];

export const openingOf6 = `gl1-opening
${entries[0]?.entry ?? ''}

0 fe2d826863b9d745936eceb3fe416ca34b267f19dacb1bce5171b5f9243ce043
{"part":"posting","position":6,"type":"Transferred","recordedAt":"2026-12-01T09:00:00.000Z","valueDate":"2026-12-01","account":"17","amount":"-2000","version":3,"balance":"8000","currency":"EUR","counterparty":"23","reference":"loyer é \\"mai\\""}
`;
/** The two lines of the other part, for the other side alone. */
export const secondPartOf6 = `1 ed3d3e41c8472f0863a1fa6da6244a1aac1c7f651a6da52479f5414404d9d0df
{"part":"posting","position":6,"type":"Transferred","recordedAt":"2026-12-01T09:00:00.000Z","valueDate":"2026-12-01","account":"23","amount":"2000","version":9,"balance":"512345","currency":"EUR","counterparty":"17","reference":"loyer é \\"mai\\""}
`;
