// ECP5's block RAM, 18 kbit with two ports: a model for the netlist's own tests. Yosys has it as an empty box.
//
// After Lattice FPGA-TN-02204, "ECP5 and ECP5-5G Memory Usage Guide", and FPGA-DS-02012; where data lies on the pins
// as Yosys's own mapping has it (ecp5/brams_map.v):
// - 2048 bytes of 9 bits. A port is 36, 18, 9, 4, 2 or 1 bits wide. Its address counts bits: a port of 36 uses
//   AD13:5, one of 18 AD13:4, one of 9 AD13:3, and so on; the ninth bits are reached by 9, 18 and 36 only.
// - At 18 bits AD1 and AD0 enable the upper and the lower byte of a write, at 36 bits AD3:0 the four.
// - 36 bits take both ports' pins: A writes {DIB, DIA}; B reads, and shows {DOB, DOA} where it is 36 bits wide too.
// - Address, data and enables are registered in the RAM: data is read at the edge. A write needs CE, WE and the
//   chip selected; a read needs CE and the chip selected.
// - WRITEMODE: NORMAL leaves a port's own output as it is during its write, WRITETHROUGH shows what is
//   written, READBEFOREWRITE what was there.
// - REGMODE OUTREG puts one more register behind, enabled by OCE.
// - RST clears the output, whatever CE is, and not the memory. RESETMODE SYNC: at the clock, and nothing is
//   written then. ASYNC: at once, and writes go on.
// - One port reads what the other writes at the same edge: not defined. Here: the inverse of what was there, so
//   that whoever relies on it is seen. Two writes of one bit at one edge: likewise.
//
// Not modelled, and refused: a chip selected by anything but three zeros, 36 bits at B but not at A.
module DP16KD #(
    parameter int DATA_WIDTH_A = 18,
    parameter int DATA_WIDTH_B = 18,
    parameter REGMODE_A = "NOREG",
    parameter REGMODE_B = "NOREG",
    parameter WRITEMODE_A = "NORMAL",
    parameter WRITEMODE_B = "NORMAL",
    parameter RESETMODE = "SYNC",
    parameter ASYNC_RESET_RELEASE = "SYNC",
    parameter CSDECODE_A = "0b000",
    parameter CSDECODE_B = "0b000",
    parameter CLKAMUX = "CLKA",
    parameter CLKBMUX = "CLKB",
    parameter GSR = "ENABLED",
    parameter logic [319:0] INITVAL_00 = 320'd0,
    parameter logic [319:0] INITVAL_01 = 320'd0,
    parameter logic [319:0] INITVAL_02 = 320'd0,
    parameter logic [319:0] INITVAL_03 = 320'd0,
    parameter logic [319:0] INITVAL_04 = 320'd0,
    parameter logic [319:0] INITVAL_05 = 320'd0,
    parameter logic [319:0] INITVAL_06 = 320'd0,
    parameter logic [319:0] INITVAL_07 = 320'd0,
    parameter logic [319:0] INITVAL_08 = 320'd0,
    parameter logic [319:0] INITVAL_09 = 320'd0,
    parameter logic [319:0] INITVAL_0A = 320'd0,
    parameter logic [319:0] INITVAL_0B = 320'd0,
    parameter logic [319:0] INITVAL_0C = 320'd0,
    parameter logic [319:0] INITVAL_0D = 320'd0,
    parameter logic [319:0] INITVAL_0E = 320'd0,
    parameter logic [319:0] INITVAL_0F = 320'd0,
    parameter logic [319:0] INITVAL_10 = 320'd0,
    parameter logic [319:0] INITVAL_11 = 320'd0,
    parameter logic [319:0] INITVAL_12 = 320'd0,
    parameter logic [319:0] INITVAL_13 = 320'd0,
    parameter logic [319:0] INITVAL_14 = 320'd0,
    parameter logic [319:0] INITVAL_15 = 320'd0,
    parameter logic [319:0] INITVAL_16 = 320'd0,
    parameter logic [319:0] INITVAL_17 = 320'd0,
    parameter logic [319:0] INITVAL_18 = 320'd0,
    parameter logic [319:0] INITVAL_19 = 320'd0,
    parameter logic [319:0] INITVAL_1A = 320'd0,
    parameter logic [319:0] INITVAL_1B = 320'd0,
    parameter logic [319:0] INITVAL_1C = 320'd0,
    parameter logic [319:0] INITVAL_1D = 320'd0,
    parameter logic [319:0] INITVAL_1E = 320'd0,
    parameter logic [319:0] INITVAL_1F = 320'd0,
    parameter logic [319:0] INITVAL_20 = 320'd0,
    parameter logic [319:0] INITVAL_21 = 320'd0,
    parameter logic [319:0] INITVAL_22 = 320'd0,
    parameter logic [319:0] INITVAL_23 = 320'd0,
    parameter logic [319:0] INITVAL_24 = 320'd0,
    parameter logic [319:0] INITVAL_25 = 320'd0,
    parameter logic [319:0] INITVAL_26 = 320'd0,
    parameter logic [319:0] INITVAL_27 = 320'd0,
    parameter logic [319:0] INITVAL_28 = 320'd0,
    parameter logic [319:0] INITVAL_29 = 320'd0,
    parameter logic [319:0] INITVAL_2A = 320'd0,
    parameter logic [319:0] INITVAL_2B = 320'd0,
    parameter logic [319:0] INITVAL_2C = 320'd0,
    parameter logic [319:0] INITVAL_2D = 320'd0,
    parameter logic [319:0] INITVAL_2E = 320'd0,
    parameter logic [319:0] INITVAL_2F = 320'd0,
    parameter logic [319:0] INITVAL_30 = 320'd0,
    parameter logic [319:0] INITVAL_31 = 320'd0,
    parameter logic [319:0] INITVAL_32 = 320'd0,
    parameter logic [319:0] INITVAL_33 = 320'd0,
    parameter logic [319:0] INITVAL_34 = 320'd0,
    parameter logic [319:0] INITVAL_35 = 320'd0,
    parameter logic [319:0] INITVAL_36 = 320'd0,
    parameter logic [319:0] INITVAL_37 = 320'd0,
    parameter logic [319:0] INITVAL_38 = 320'd0,
    parameter logic [319:0] INITVAL_39 = 320'd0,
    parameter logic [319:0] INITVAL_3A = 320'd0,
    parameter logic [319:0] INITVAL_3B = 320'd0,
    parameter logic [319:0] INITVAL_3C = 320'd0,
    parameter logic [319:0] INITVAL_3D = 320'd0,
    parameter logic [319:0] INITVAL_3E = 320'd0,
    parameter logic [319:0] INITVAL_3F = 320'd0
) (
    input  logic CLKA, CEA, OCEA, WEA, RSTA, CSA2, CSA1, CSA0,
    input  logic ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0,
    input  logic DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5, DIA4,
              DIA3, DIA2, DIA1, DIA0,
    output logic DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5, DOA4,
              DOA3, DOA2, DOA1, DOA0,
    input  logic CLKB, CEB, OCEB, WEB, RSTB, CSB2, CSB1, CSB0,
    input  logic ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0,
    input  logic DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5, DIB4,
              DIB3, DIB2, DIB1, DIB0,
    output logic DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5, DOB4,
              DOB3, DOB2, DOB1, DOB0
);
  localparam bit WIDE = DATA_WIDTH_A == 36;
  localparam bit WIDE_READ = DATA_WIDTH_B == 36;
  if ((RESETMODE != "SYNC" && RESETMODE != "ASYNC") || CSDECODE_A != "0b000" || CSDECODE_B != "0b000"
      || (WIDE_READ && !WIDE)) begin : g_modes
    $error("DP16KD: this mode is not modelled");
  end
  localparam logic [64*320-1:0] INIT = {
      INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A,
      INITVAL_39, INITVAL_38, INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34,
      INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30, INITVAL_2F, INITVAL_2E,
      INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
      INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22,
      INITVAL_21, INITVAL_20, INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C,
      INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18, INITVAL_17, INITVAL_16,
      INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
      INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A,
      INITVAL_09, INITVAL_08, INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04,
      INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };

  /* verilator lint_off MULTIDRIVEN */  // two ports, each with a clock of its own
  logic [8:0] memory[2048];
  /* verilator lint_on MULTIDRIVEN */
  // A row of INITVAL has 16 words of 18 bits, each in 20.
  initial begin
    for (int i = 0; i < 1024; i++) begin
      memory[2*i] = INIT[(i/16)*320+(i%16)*20+:9];
      memory[2*i+1] = INIT[(i/16)*320+(i%16)*20+9+:9];
    end
  end

  logic [13:0] addr_a, addr_b;
  logic [17:0] in_a, in_b;
  logic [35:0] out_a, out_b;
  assign addr_a = {
      ADA13, ADA12, ADA11, ADA10, ADA9, ADA8, ADA7, ADA6, ADA5, ADA4, ADA3, ADA2, ADA1, ADA0
  };
  assign addr_b = {
      ADB13, ADB12, ADB11, ADB10, ADB9, ADB8, ADB7, ADB6, ADB5, ADB4, ADB3, ADB2, ADB1, ADB0
  };
  assign in_a = {
      DIA17, DIA16, DIA15, DIA14, DIA13, DIA12, DIA11, DIA10, DIA9, DIA8, DIA7, DIA6, DIA5,
      DIA4, DIA3, DIA2, DIA1, DIA0
  };
  assign in_b = {
      DIB17, DIB16, DIB15, DIB14, DIB13, DIB12, DIB11, DIB10, DIB9, DIB8, DIB7, DIB6, DIB5,
      DIB4, DIB3, DIB2, DIB1, DIB0
  };
  assign {
      DOA17, DOA16, DOA15, DOA14, DOA13, DOA12, DOA11, DOA10, DOA9, DOA8, DOA7, DOA6, DOA5,
      DOA4, DOA3, DOA2, DOA1, DOA0
  } = WIDE ? (WIDE_READ ? out_b[17:0] : '0) : out_a[17:0];
  assign {
      DOB17, DOB16, DOB15, DOB14, DOB13, DOB12, DOB11, DOB10, DOB9, DOB8, DOB7, DOB6, DOB5,
      DOB4, DOB3, DOB2, DOB1, DOB0
  } = WIDE_READ ? out_b[35:18] : out_b[17:0];

  logic clk_a, clk_b;
  assign clk_a = CLKA ^ (CLKAMUX == "INV");
  assign clk_b = CLKB ^ (CLKBMUX == "INV");

  // What a port does at its next edge: bits of its four bytes that it writes, and their values.
  localparam bit SYNC = RESETMODE == "SYNC";
  logic on_a, on_b;
  logic [35:0] mask_a, mask_b, data_a, data_b;
  assign on_a = CEA && !CSA2 && !CSA1 && !CSA0;
  assign on_b = CEB && !CSB2 && !CSB1 && !CSB0;
  dp16kd_lane #(.WIDTH(DATA_WIDTH_A)) lane_a (
      .write_i(on_a && WEA && !(SYNC && RSTA)),
      .address_i(addr_a),
      .data_i({in_b, in_a}),
      .mask_o(mask_a),
      .data_o(data_a)
  );
  dp16kd_lane #(.WIDTH(DATA_WIDTH_B)) lane_b (
      .write_i(on_b && WEB && !(SYNC && RSTB) && !WIDE),
      .address_i(addr_b),
      .data_i({18'd0, in_b}),
      .mask_o(mask_b),
      .data_o(data_b)
  );

  logic same;
  logic [35:0] there_a, there_b, after_a, after_b, clash_a, clash_b;
  for (genvar i = 0; i < 4; i++) begin : g_there
    assign there_a[9*i+:9] = memory[{addr_a[13:5], 2'(i)}];
    assign there_b[9*i+:9] = memory[{addr_b[13:5], 2'(i)}];
  end
  assign same = addr_a[13:5] == addr_b[13:5];
  assign clash_a = same ? mask_b : '0;
  assign clash_b = same ? mask_a : '0;
  assign after_a = ((there_a & ~mask_a) | (data_a & mask_a)) ^ (mask_a & clash_a);
  assign after_b = ((there_b & ~mask_b) | (data_b & mask_b)) ^ (mask_b & clash_b);

  // What the port shows: four bytes, then its own bits of them.
  logic [35:0] shown_a, shown_b, latch_a_q, latch_b_q;
  dp16kd_view #(.WIDTH(DATA_WIDTH_A)) view_a (
      .address_i(addr_a),
      .data_i((WRITEMODE_A == "WRITETHROUGH" ? after_a : there_a) ^ (clash_a & ~mask_a)),
      .data_o(shown_a)
  );
  dp16kd_view #(.WIDTH(DATA_WIDTH_B)) view_b (
      .address_i(addr_b),
      .data_i((WRITEMODE_B == "WRITETHROUGH" ? after_b : there_b) ^ (clash_b & ~mask_b)),
      .data_o(shown_b)
  );

  always_ff @(posedge clk_a) begin
    for (int i = 0; i < 4; i++) begin
      if (|mask_a[9*i+:9]) memory[{addr_a[13:5], 2'(i)}] <= after_a[9*i+:9];
    end
  end
  always_ff @(posedge clk_b) begin
    for (int i = 0; i < 4; i++) begin
      if (|mask_b[9*i+:9]) memory[{addr_b[13:5], 2'(i)}] <= after_b[9*i+:9];
    end
  end

  logic reads_a, reads_b;
  assign reads_a = on_a && (!WEA || WRITEMODE_A != "NORMAL");
  assign reads_b = on_b && (!WEB || WRITEMODE_B != "NORMAL");
  if (SYNC) begin : g_sync
    always_ff @(posedge clk_a) begin
      if (RSTA) latch_a_q <= '0;
      else if (reads_a) latch_a_q <= shown_a;
    end
    always_ff @(posedge clk_b) begin
      if (RSTB) latch_b_q <= '0;
      else if (reads_b) latch_b_q <= shown_b;
    end
  end else begin : g_async
    always_ff @(posedge clk_a or posedge RSTA) begin
      if (RSTA) latch_a_q <= '0;
      else if (reads_a) latch_a_q <= shown_a;
    end
    always_ff @(posedge clk_b or posedge RSTB) begin
      if (RSTB) latch_b_q <= '0;
      else if (reads_b) latch_b_q <= shown_b;
    end
  end

  if (REGMODE_A == "OUTREG") begin : g_register_a
    dp16kd_register #(.SYNC(SYNC)) register (
        .clk_i(clk_a), .rst_i(RSTA), .enable_i(OCEA), .data_i(latch_a_q), .data_o(out_a)
    );
  end else begin : g_latch_a
    assign out_a = latch_a_q;
  end
  if (REGMODE_B == "OUTREG") begin : g_register_b
    dp16kd_register #(.SYNC(SYNC)) register (
        .clk_i(clk_b), .rst_i(RSTB), .enable_i(OCEB), .data_i(latch_b_q), .data_o(out_b)
    );
  end else begin : g_latch_b
    assign out_b = latch_b_q;
  end

endmodule
