/** The card's clocks wrap round; what is compared is how far one time lies behind another. */

/** Microseconds before the card's time begins anew. */
export const TIME_SPAN = 2 ** 48;

/** `value` within 0 to `span` - 1. */
export function modulo(value: number, span: number): number {
  const rest = value % span;
  return rest < 0 ? rest + span : rest;
}

/** How far `later` lies behind `earlier`, -span / 2 to span / 2 - 1. */
export function since(earlier: number, later: number, span = TIME_SPAN): number {
  const distance = modulo(later - earlier, span);
  return distance < span / 2 ? distance : distance - span;
}
