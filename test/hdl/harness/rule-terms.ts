/** Rules as the card compares them: made by rule_terms itself, so that maker and user are tried together. */
import type { RuleEntry } from '../../../driver/generated/registers.ts';
import type { Dut } from './dut.ts';
import { packEntry } from './records.ts';

export class RuleTerms {
  readonly #dut: Dut;
  constructor(dut: Dut) {
    this.#dut = dut;
  }

  of(rule: RuleEntry): bigint {
    this.#dut.set({ rule_i: packEntry('rule', rule) }).settle();
    return this.#dut.big('terms_o');
  }

  /** Of rules side by side, rule 0 lowest; undefined: nothing has been written. */
  table(rules: readonly (RuleEntry | undefined)[]): bigint {
    const width = BigInt(this.#dut.width('terms_o'));
    return rules.reduce<bigint>(
      (whole, rule, index) => whole | (rule ? this.of(rule) << (BigInt(index) * width) : 0n),
      0n,
    );
  }
}
