/** The MAC of mac-bench.ts with RMII. */
import type { Make } from './build.ts';
import { MacBench, type Options, type Speed, type Unit } from './mac-bench.ts';

/** Clocks of a pair of bits at 10 Mb/s. */
const REPEAT = 10;

export class RmiiBench extends MacBench {
  /** Pairs at the end of a carrier with CRS_DV toggling; a whole number of nibbles. */
  toggles = 0;
  #heard: { clocks: number; bits: number; octet: number } = { clocks: 0, bits: 0, octet: 0 };
  #idle = 0;

  constructor(
    make: Make,
    options: { readonly core?: number; readonly seed?: number; readonly speed?: Speed } = {},
  ) {
    super(make, { speed: 100, ...options });
    this.rx.period = 20_001;
    this.tx.period = 20_001;
    this.start();
  }

  set speed(speed: 10 | 100) {
    this.speedNow = speed;
  }

  get #repeat(): number {
    return this.speedNow === 10 ? REPEAT : 1;
  }

  protected idle(): Unit {
    return { low: 0, high: 0, valid: 0, error: 0 };
  }

  protected unitsOf(octet: number, error: number): Unit[] {
    return [0, 2, 4, 6].flatMap((shift) =>
      Array<Unit>(this.#repeat).fill({ low: (octet >> shift) & 3, high: 0, valid: 1, error }),
    );
  }

  /** The carrier's last pairs come behind its end (RMII 1.2 section 5.2). */
  override carrier(octets: Uint8Array, options: Options = {}): void {
    super.carrier(octets, options);
    const clocks = this.toggles * this.#repeat;
    for (let n = 0; n < clocks; n++) {
      const at = this.units.length - clocks + n;
      const unit = this.units[at];
      if (unit && Math.floor(n / this.#repeat) % 2 === 0) this.units[at] = { ...unit, valid: 0 };
    }
  }

  protected beforeRx(): void {
    const { low, valid, error } = this.units.shift() ?? this.idle();
    this.dut.set({ rmii_rxd_i: low, rmii_crs_dv_i: valid, rmii_rx_er_i: error });
  }

  protected beforeTx(): void {
    const { dut } = this;
    if (!this.up) return;
    const heard = this.#heard;
    if (dut.get('rmii_tx_en_o') === 0) {
      heard.clocks = heard.bits = heard.octet = 0;
      if (++this.#idle === 4 * this.#repeat) {
        this.#idle = 0;
        this.heard(undefined);
      }
      return;
    }
    this.#idle = 0;
    if (heard.clocks === Math.floor(this.#repeat / 2)) {
      heard.octet |= dut.get('rmii_txd_o') << heard.bits;
      heard.bits += 2;
    }
    heard.clocks = (heard.clocks + 1) % this.#repeat;
    if (heard.bits < 8) return;
    this.heard(heard.octet);
    heard.bits = heard.octet = 0;
  }
}
