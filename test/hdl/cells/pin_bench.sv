// What Lattice says of the primitives at the pins and of the PLL, against the models; times in picoseconds.
module pin_bench (
    output int checks_o,
    output int faults_o
);
  int checks = 0, faults = 0;
  assign checks_o = checks;
  assign faults_o = faults;
  task automatic check(input logic good, input string what);
    checks++;
    if (!good) begin
      faults++;
      $display("FAULT: %s", what);
    end
  endtask

  // The PLL as the boards have it: 125 and 62.5 MHz of 25 MHz; and one whose second output is later.
  logic clk25 = 0;
  always #20000 clk25 = !clk25;
  logic clk125, clk62, locked, op, os;
  EHXPLLL #(
      .CLKI_DIV(1), .CLKFB_DIV(5), .CLKOP_DIV(5), .CLKOP_CPHASE(2), .CLKOS_ENABLE("ENABLED"), .CLKOS_DIV(10),
      .CLKOS_CPHASE(2)
  ) pll (
      .CLKI(clk25), .CLKFB(clk125), .CLKOP(clk125), .CLKOS(clk62), .LOCK(locked),
      .CLKOS2(), .CLKOS3(), .INTLOCK(), .REFCLK(), .CLKINTFB(), .RST(0), .STDBY(0), .PLLWAKESYNC(0),
      .ENCLKOP(0), .ENCLKOS(0), .ENCLKOS2(0), .ENCLKOS3(0), .PHASESEL1(0), .PHASESEL0(0), .PHASEDIR(0),
      .PHASESTEP(0), .PHASELOADREG(0)
  );
  EHXPLLL #(
      .CLKI_DIV(1), .CLKFB_DIV(4), .CLKOP_DIV(6), .CLKOP_CPHASE(0), .CLKOS_ENABLE("ENABLED"), .CLKOS_DIV(6),
      .CLKOS_CPHASE(3)
  ) shifted (
      .CLKI(clk25), .CLKFB(op), .CLKOP(op), .CLKOS(os), .LOCK(),
      .CLKOS2(), .CLKOS3(), .INTLOCK(), .REFCLK(), .CLKINTFB(), .RST(0), .STDBY(0), .PLLWAKESYNC(0),
      .ENCLKOP(0), .ENCLKOS(0), .ENCLKOS2(0), .ENCLKOS3(0), .PHASESEL1(0), .PHASESEL0(0), .PHASEDIR(0),
      .PHASESTEP(0), .PHASELOADREG(0)
  );
  realtime at, then;
  initial begin
    #100000;
    check(!locked && !clk125 && !clk62, "PLL: no lock and no clocks at first");
    wait (locked);
    repeat (10) @(posedge clk125);
    at = $realtime;
    @(posedge clk125);
    check($realtime - at == 8000, "PLL: CLKOP is CLKI / CLKI_DIV * CLKFB_DIV");
    at = $realtime;
    @(negedge clk125);
    check($realtime - at == 4000, "PLL: half of it high");
    @(posedge clk62);
    at = $realtime;
    @(posedge clk62);
    check($realtime - at == 16000, "PLL: CLKOS is the oscillator over CLKOS_DIV");
    fork
      @(posedge clk125) at = $realtime;
      @(posedge clk62) then = $realtime;
    join
    check((then - at) == 0 || (then - at) == 8000, "PLL: outputs of one CPHASE rise together");
    repeat (1000) @(posedge clk125);
    at = $realtime;
    repeat (1000) @(posedge clk125);
    check($realtime - at == 8000000, "PLL: no drift");
    @(posedge op) at = $realtime;
    @(posedge os) then = $realtime;
    check(then - at > 4999 && then - at < 5001, "PLL: three of CPHASE are three periods of 600 MHz");
  end

  // Both edges in: pairs come out together, at the rising edge behind the falling one.
  logic sclk = 0, d = 0, q0, q1, late, out, d0 = 0, d1 = 0, rst = 0;
  IDDRX1F iddr (.D(d), .SCLK(sclk), .RST(rst), .Q0(q0), .Q1(q1));
  ODDRX1F oddr (.D0(d0), .D1(d1), .SCLK(sclk), .RST(rst), .Q(out));
  DELAYG #(.DEL_VALUE(80)) delay (.A(d), .Z(late));
  logic [31:0] sent = 32'h9d3a_1c57;
  logic last0, last1;
  initial begin
    #1;
    for (int i = 0; i < 16; i++) begin
      d = sent[2*i];
      d0 = sent[2*i];
      d1 = sent[2*i+1];
      #2000 sclk = 1;
      #1;
      // A pair of before: taken at the last rising edge and the falling edge behind it.
      if (i > 0) check({q0, q1} == {last0, last1}, "IDDRX1F: a pair together, at the next rising edge");
      check(out == sent[2*i], "ODDRX1F: D0 while the clock is high");
      #1999 d = sent[2*i+1];
      check(out == sent[2*i], "ODDRX1F: D0 to the end of the half");
      #2000 sclk = 0;
      #1;
      check(out == sent[2*i+1], "ODDRX1F: D1 while the clock is low");
      {last0, last1} = {sent[2*i], sent[2*i+1]};
      #1999;
    end
    #1 rst = 1;
    #1;
    check({q0, q1, out} == 3'b000, "IDDRX1F, ODDRX1F: reset at once");
    rst = 0;

    // A pulse shorter than the delay comes through, 80 steps of 25 ps later.
    #10000 d = 0;
    #10000 d = 1;
    #500 d = 0;
    #1499 check(late == 0, "DELAYG: not before");
    #2 check(late == 1, "DELAYG: 80 steps are 2000 ps");
    #500 check(late == 0, "DELAYG: as short as it was");
  end

endmodule
