// ECP5's input register for both edges of a clock, after Lattice FPGA-TN-02035, "High-Speed I/O Interface",
// GDDRX1_RX: D is taken at both edges; Q0, what came with the rising edge, and Q1, what came with the falling edge
// behind it, change together at the next rising edge. RST clears, at once.
module IDDRX1F #(
    parameter GSR = "ENABLED"
) (
    input  logic D,
    input  logic SCLK,
    input  logic RST,
    output logic Q0,
    output logic Q1
);
  logic rise_q, fall_q;
  always_ff @(posedge SCLK or posedge RST) begin
    if (RST) begin
      rise_q <= 1'b0;
      Q0 <= 1'b0;
      Q1 <= 1'b0;
    end else begin
      rise_q <= D;
      Q0 <= rise_q;
      Q1 <= fall_q;
    end
  end
  always_ff @(negedge SCLK or posedge RST) begin
    if (RST) fall_q <= 1'b0;
    else fall_q <= D;
  end

endmodule
