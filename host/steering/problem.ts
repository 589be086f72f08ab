/** What is wrong with service files, each with its place and what to do about it. */
import type { Place, Rule } from './rule.ts';
import { ruleName } from './rule.ts';

export interface Problem {
  /** Undefined for rules that were made in code. */
  readonly place: Place | undefined;
  /** Such as `rules[1].match.port` or `sip/dialog match.port`. */
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

export function problemText({ place, field, message, remedy }: Problem): string {
  const where = place === undefined ? '' : `${place.file}:${place.line}:${place.column}: `;
  return `${where}${field}: ${message}; ${remedy}`;
}

/** A problem with one field (`match.port`, or '' for the whole) of a rule. */
export function ruleProblem(rule: Rule, field: string, message: string, remedy: string): Problem {
  const place = rule.origin?.fields.get(field) ?? rule.origin?.place;
  return { place, field: `${ruleName(rule)} ${field}`.trim(), message, remedy };
}

/** Thrown for service files that cannot be used; its message has a line for each problem. */
export class ServiceError extends Error {
  readonly code = 'service';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join('\n'));
    this.name = 'ServiceError';
    this.problems = problems;
  }
}
