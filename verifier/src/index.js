/** What the verifier offers to programs and pages: each check answers what is proven, or a `Failure`. */
export { checkSignatures, parseCheckpoint } from './checkpoint.js';
export { checkEvidence } from './evidence.js';
export { Failure } from './failure.js';
export { checkGrowth } from './growth.js';
export { checkLog } from './log.js';
export { parsePolicy } from './policy.js';
export { checkProof, parseProof } from './proof.js';
export { checkReceipt } from './receipt.js';
