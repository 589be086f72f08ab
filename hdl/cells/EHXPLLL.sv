// ECP5's PLL, as far as our boards use it, after Lattice FPGA-TN-02200, "sysCLOCK PLL/DLL Design and Usage Guide":
// the oscillator runs at CLKI / CLKI_DIV * CLKFB_DIV * CLKOP_DIV where CLKOP is fed back, 400 to 800 MHz
// (FPGA-DS-02012, sysCLOCK PLL timing); each output is that divided by its own divider. CLKOS rises with CLKOP,
// or as many of the oscillator's periods later as its CPHASE is larger. LOCK is low until the input is measured.
//
// Time counts in picoseconds, as Verilator has it where nothing else is said.
// Not modelled: jitter, lock time (15 ms at most in the data sheet; here 16 input clocks), fine and dynamic
// phase, standby, other feedback paths.
module EHXPLLL #(
    parameter int CLKI_DIV = 1,
    parameter int CLKFB_DIV = 1,
    parameter int CLKOP_DIV = 8,
    parameter int CLKOS_DIV = 8,
    parameter int CLKOS2_DIV = 8,
    parameter int CLKOS3_DIV = 8,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter CLKOS_ENABLE = "DISABLED",
    parameter CLKOS2_ENABLE = "DISABLED",
    parameter CLKOS3_ENABLE = "DISABLED",
    parameter int CLKOP_CPHASE = 0,
    parameter int CLKOS_CPHASE = 0,
    parameter int CLKOS2_CPHASE = 0,
    parameter int CLKOS3_CPHASE = 0,
    parameter int CLKOP_FPHASE = 0,
    parameter int CLKOS_FPHASE = 0,
    parameter int CLKOS2_FPHASE = 0,
    parameter int CLKOS3_FPHASE = 0,
    parameter FEEDBK_PATH = "CLKOP",
    parameter PLLRST_ENA = "DISABLED",
    parameter INTFB_WAKE = "DISABLED",
    parameter STDBY_ENABLE = "DISABLED",
    parameter DPHASE_SOURCE = "DISABLED",
    parameter OUTDIVIDER_MUXA = "DIVA",
    parameter OUTDIVIDER_MUXB = "DIVB",
    parameter OUTDIVIDER_MUXC = "DIVC",
    parameter OUTDIVIDER_MUXD = "DIVD"
) (
    input  logic CLKI, CLKFB,
    input  logic PHASESEL1, PHASESEL0, PHASEDIR, PHASESTEP, PHASELOADREG,
    input  logic STDBY, PLLWAKESYNC,
    input  logic RST, ENCLKOP, ENCLKOS, ENCLKOS2, ENCLKOS3,
    output logic CLKOP, CLKOS, CLKOS2, CLKOS3,
    output logic LOCK, INTLOCK,
    output logic REFCLK, CLKINTFB
);
  if (FEEDBK_PATH != "CLKOP" || STDBY_ENABLE != "DISABLED" || DPHASE_SOURCE != "DISABLED"
      || CLKOP_FPHASE != 0 || CLKOS_FPHASE != 0 || CLKOS2_FPHASE != 0 || CLKOS3_FPHASE != 0
      || CLKOS_CPHASE < CLKOP_CPHASE || CLKOS2_ENABLE != "DISABLED" || CLKOS3_ENABLE != "DISABLED") begin : g_modes
    $error("EHXPLLL: this mode is not modelled");
  end
  localparam int MEASURED = 16;  // input clocks

  realtime last, period;
  int seen;
  real vco_mhz;
  initial begin
    seen = 0;
    last = 0;
    LOCK = 1'b0;
    CLKOP = 1'b0;
    CLKOS = 1'b0;
  end
  assign INTLOCK = LOCK;
  assign REFCLK = CLKI;
  assign CLKINTFB = 1'b0;
  assign CLKOS2 = 1'b0;
  assign CLKOS3 = 1'b0;

  always @(posedge CLKI) begin
    period = $realtime - last;
    last = $realtime;
    seen = seen + 1;
    if (seen == MEASURED) begin
      vco_mhz = 1.0e6 / period / CLKI_DIV * CLKFB_DIV * CLKOP_DIV;
      if (vco_mhz < 400.0 || vco_mhz > 800.0) $fatal(1, "EHXPLLL: oscillator at %0.1f MHz", vco_mhz);
      LOCK = 1'b1;
    end
  end

  // Each edge from the lock on, not from the last, so that rounding to a picosecond does not add up.
  localparam int LATE = CLKOS_CPHASE - CLKOP_CPHASE;
  realtime start;
  initial begin
    wait (LOCK);
    start = $realtime;
    for (longint edges = 0; ; edges++) begin
      CLKOP = !edges[0];
      #(start + 0.5 * real'(edges + 1) * CLKOP_DIV * 1.0e6 / vco_mhz - $realtime);
    end
  end
  initial begin
    wait (LOCK && CLKOS_ENABLE == "ENABLED");
    #(LATE * 1.0e6 / vco_mhz);
    for (longint edges = 0; ; edges++) begin
      CLKOS = !edges[0];
      #(start + (LATE + 0.5 * real'(edges + 1) * CLKOS_DIV) * 1.0e6 / vco_mhz - $realtime);
    end
  end

endmodule
