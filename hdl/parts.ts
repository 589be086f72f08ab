/** The FPGAs that the card is built for, and what they hold. */

/**
 * Lattice FPGA-DS-02012 table 1.1: LUT4s (a flip-flop beside each), RAMs of 18 kbit, and multipliers of
 * 18 × 18 bits; `flag` is nextpnr's word for the part.
 */
export interface Part {
  readonly name: string;
  readonly flag: string;
  readonly luts: number;
  readonly rams: number;
  readonly multipliers: number;
}

export const PARTS = {
  'LFE5U-25F': { name: 'LFE5U-25F', flag: '--25k', luts: 24288, rams: 56, multipliers: 28 },
  'LFE5U-45F': { name: 'LFE5U-45F', flag: '--45k', luts: 43848, rams: 108, multipliers: 72 },
  'LFE5U-85F': { name: 'LFE5U-85F', flag: '--85k', luts: 83640, rams: 208, multipliers: 156 },
} as const satisfies Record<string, Part>;

export type PartName = keyof typeof PARTS;

export const PART_NAMES = Object.keys(PARTS) as PartName[];

/** The part that each ECP5 configuration is made for (hdl/configurations.yaml). */
export const OWN_PART: Readonly<Record<string, Part>> = {
  'ecp5-25': PARTS['LFE5U-25F'],
  'ecp5-85': PARTS['LFE5U-85F'],
};
