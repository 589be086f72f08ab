// ECP5's output register for both edges of a clock, after Lattice FPGA-TN-02035, "High-Speed I/O Interface",
// GDDRX1_TX: D0 and D1 are taken at a rising edge; Q is D0 while the clock is high and D1 while it is low.
// RST clears, at once. The register's own delay in clocks is not in that text: here none.
module ODDRX1F #(
    parameter GSR = "ENABLED"
) (
    input  logic D0,
    input  logic D1,
    input  logic SCLK,
    input  logic RST,
    output logic Q
);
  logic first_q, second_q;
  always_ff @(posedge SCLK or posedge RST) begin
    if (RST) begin
      first_q <= 1'b0;
      second_q <= 1'b0;
    end else begin
      first_q <= D0;
      second_q <= D1;
    end
  end
  assign Q = SCLK ? first_q : second_q;

endmodule
