import type { CardSizes } from '../../driver/generated/registers.ts';

/** Sizes for tests of host code; tests with a card read the card's own. */
export const SIZES: CardSizes = {
  dataWidth: 64,
  ports: 8,
  slots: 64,
  vids: 65536,
  rules: 16,
  prefixes: 8,
  overrides: 1024,
  fragments: 512,
  maxFrame: 2000,
  window: 160,
  vidCounterBits: 64,
  vidByteCounterBits: 64,
};
