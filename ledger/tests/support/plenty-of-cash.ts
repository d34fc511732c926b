/** Limits of cash that no test comes near: for those that are about something else. */
import type { CashLimits } from '../../src/domain/cash-limits.ts';
import { largestBalanceMinor } from '../../src/domain/money.ts';

export const plentyOfCash: CashLimits = {
  depositMinor: largestBalanceMinor,
  withdrawalMinor: largestBalanceMinor,
  dayMinor: largestBalanceMinor,
};
