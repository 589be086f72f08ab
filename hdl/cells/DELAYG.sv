// ECP5's fixed delay between pin and register, after Lattice FPGA-TN-02035: DEL_VALUE steps of 25 ps, 0 to 127,
// with DEL_MODE USER_DEFINED. Steps of silicon vary; what is called typical is modelled. Time counts in
// picoseconds, as Verilator has it where nothing else is said.
module DELAYG #(
    parameter DEL_MODE = "USER_DEFINED",
    parameter int DEL_VALUE = 0
) (
    input  logic A,
    output logic Z
);
  if (DEL_MODE != "USER_DEFINED" || DEL_VALUE < 0 || DEL_VALUE > 127) begin : g_value
    $error("DELAYG: 0 to 127 steps, and no mode but USER_DEFINED");
  end
  localparam int STEP_PS = 25;
  // Transport, not inertial: a pulse shorter than the delay comes through.
  always @(A) Z <= #(DEL_VALUE * STEP_PS) A;

endmodule
