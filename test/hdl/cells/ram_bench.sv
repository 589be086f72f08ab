// What Lattice says of a DP16KD (hdl/cells/DP16KD.sv names the texts), line by line, against the model.
module ram_bench (
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

  // One set of pins for all: each RAM is another width or mode, and sees the same.
  logic clk_a = 0, clk_b = 0, ce_a = 0, ce_b = 0, oce_a = 1, oce_b = 1, we_a = 0, we_b = 0;
  logic rst_a = 0, rst_b = 0;
  logic [2:0] cs_a = 0, cs_b = 0;
  logic [13:0] ad_a = 0, ad_b = 0;
  logic [17:0] di_a = 0, di_b = 0;
`define PINS(NAME) .clk_a_i(clk_a), .ce_a_i(ce_a), .oce_a_i(oce_a), .we_a_i(we_a), .rst_a_i(rst_a), \
    .cs_a_i(cs_a), .ad_a_i(ad_a), .di_a_i(di_a), .do_a_o(NAME``_a), \
    .clk_b_i(clk_b), .ce_b_i(ce_b), .oce_b_i(oce_b), .we_b_i(we_b), .rst_b_i(rst_b), \
    .cs_b_i(cs_b), .ad_b_i(ad_b), .di_b_i(di_b), .do_b_o(NAME``_b)
`define RAM(NAME) logic [17:0] NAME``_a, NAME``_b; ram_pins
  `RAM(w18) #(.FIRST({20'd0, 280'd0, 20'h2beef}), .LAST({2'd0, 18'h15a5a, 300'd0})) w18 (`PINS(w18));
  `RAM(w9) #(.A(9), .B(18)) w9 (`PINS(w9));
  `RAM(w4) #(.A(4), .B(18)) w4 (`PINS(w4));
  `RAM(w2) #(.A(2), .B(9)) w2 (`PINS(w2));
  `RAM(w1) #(.A(1), .B(18)) w1 (`PINS(w1));
  `RAM(wide) #(.A(36), .B(36)) wide (`PINS(wide));
  `RAM(narrowing) #(.A(36), .B(9)) narrowing (`PINS(narrowing));
  `RAM(through) #(.WRITEMODE("WRITETHROUGH")) through (`PINS(through));
  `RAM(earlier) #(.WRITEMODE("READBEFOREWRITE")) earlier (`PINS(earlier));
  `RAM(outreg) #(.REGMODE("OUTREG")) outreg (`PINS(outreg));
  `RAM(async) #(.RESETMODE("ASYNC")) async (`PINS(async));

  task automatic edge_a();
    #1 clk_a = 1;
    #1 clk_a = 0;
  endtask
  task automatic edge_b();
    #1 clk_b = 1;
    #1 clk_b = 0;
  endtask
  task automatic edges();
    #1 {clk_a, clk_b} = 2'b11;
    #1 {clk_a, clk_b} = 2'b00;
  endtask
  task automatic write_a(input logic [13:0] address, input logic [17:0] data);
    {ce_a, we_a, ad_a, di_a} = {1'b1, 1'b1, address, data};
    edge_a();
    {ce_a, we_a} = 2'b00;
  endtask
  task automatic read_b(input logic [13:0] address);
    {ce_b, we_b, ad_b} = {1'b1, 1'b0, address};
    edge_b();
    ce_b = 1'b0;
  endtask

  initial begin
    #1;
    // What the RAM holds at first: rows of sixteen words, each in 20 bits.
    read_b({10'd0, 4'd0});
    check(w18_b == 18'h2beef, "INITVAL_00 has word 0 in its lowest 18 bits");
    read_b({10'd1023, 4'd0});
    check(w18_b == 18'h15a5a, "INITVAL_3F has word 1023 in bits 317:300");

    // 18 bits: AD13:4 is the word, AD1 and AD0 enable its bytes.
    write_a({10'd5, 4'b0011}, 18'h2abcd);
    read_b({10'd5, 4'd0});
    check(w18_b == 18'h2abcd, "18 bits: both bytes");
    write_a({10'd5, 4'b0001}, 18'h11111);
    read_b({10'd5, 4'd0});
    check(w18_b == {9'h155, 9'h111}, "18 bits: the lower byte by AD0");
    write_a({10'd5, 4'b0010}, 18'h3ffff);
    read_b({10'd5, 4'd0});
    check(w18_b == {9'h1ff, 9'h111}, "18 bits: the upper byte by AD1");
    write_a({10'd5, 4'b0000}, 18'h00000);
    read_b({10'd5, 4'd0});
    check(w18_b == {9'h1ff, 9'h111}, "18 bits: no byte without AD1 and AD0");
    read_b({10'd5, 4'b1111});
    check(w18_b == {9'h1ff, 9'h111}, "18 bits: AD3:0 do not matter to a read");

    // 9 bits: AD13:3 is the byte, the upper one of a word at odd places.
    write_a({10'd7, 1'b0, 3'd0}, 18'h00123);
    write_a({10'd7, 1'b1, 3'd0}, 18'h000fe);
    read_b({10'd7, 4'd0});
    check(w9_b == {9'h0fe, 9'h123}, "9 bits: the second byte is the upper");

    // 4, 2 and 1 bits: eight bits of each byte, from the lowest on; the ninth is out of reach.
    write_a({10'd9, 1'b1, 1'b0, 2'd0}, 18'h3000a);
    write_a({10'd9, 1'b1, 1'b1, 2'd0}, 18'h00005);
    read_b({10'd9, 4'd0});
    check(w4_b == {9'h05a, 9'h000}, "4 bits: AD2 is the upper half of a byte");
    write_a({10'd11, 1'b0, 2'd3, 1'b0}, 18'h3fffd);
    read_b({10'd11, 4'd0});
    check(w2_b == 18'h00040, "2 bits: AD2:1 is the pair");
    write_a({10'd13, 1'b1, 3'd7}, 18'h00001);
    read_b({10'd13, 4'd0});
    check(w1_b == {9'h080, 9'h000}, "1 bit: AD2:0 is the bit");
    {ce_a, ad_a} = {1'b1, 10'd13, 1'b1, 3'd7};
    edge_a();
    check(w1_a == 18'd1, "1 bit: read back at its own port");
    ad_a = {10'd13, 1'b1, 3'd6};
    edge_a();
    check(w1_a == 18'd0, "1 bit: its neighbour is another");
    ce_a = 0;

    // 36 bits: AD13:5 is the word, AD3:0 enable four bytes; data on both ports' pins.
    di_b = 18'h2cafe;
    write_a({9'd3, 1'b0, 4'b1111}, 18'h1f00d);
    read_b({9'd3, 5'd0});
    check({wide_b, wide_a} == {18'h2cafe, 18'h1f00d}, "36 bits: in by DIB and DIA, out by DOB and DOA");
    di_b = 18'h00000;
    write_a({9'd3, 1'b0, 4'b0100}, 18'h00000);
    read_b({9'd3, 5'd0});
    check({wide_b, wide_a} == {9'h165, 9'h000, 18'h1f00d}, "36 bits: AD2 enables the third byte alone");
    read_b({9'd3, 2'd3, 3'd0});
    check(narrowing_b == 18'h00165, "36 in, 9 out: byte 3 is the highest");
    read_b({9'd3, 2'd1, 3'd0});
    check(narrowing_b == {9'd0, 9'h0f8}, "36 in, 9 out: byte 1");

    // What a port shows of its own write.
    write_a({10'd20, 4'b0011}, 18'h0aaaa);
    {ce_a, ad_a} = {1'b1, 10'd20, 4'd0};
    edge_a();
    check(w18_a == 18'h0aaaa && through_a == w18_a && earlier_a == w18_a, "reads show what is there");
    write_a({10'd20, 4'b0011}, 18'h15555);
    check(w18_a == 18'h0aaaa, "NORMAL: a write leaves the output");
    check(through_a == 18'h15555, "WRITETHROUGH: the output is what is written");
    check(earlier_a == 18'h0aaaa, "READBEFOREWRITE: the output is what was there");

    // Enables.
    {ce_a, we_a, ad_a, di_a} = {1'b0, 1'b1, 10'd20, 4'b0011, 18'h00000};
    edge_a();
    read_b({10'd20, 4'd0});
    check(w18_b == 18'h15555, "no write without CE");
    {ce_a, cs_a} = {1'b1, 3'b001};
    edge_a();
    {ce_a, cs_a, we_a} = '0;
    read_b({10'd20, 4'd0});
    check(w18_b == 18'h15555, "no write where the chip is not selected");
    {ce_b, ad_b} = {1'b0, 10'd5, 4'd0};
    edge_b();
    check(w18_b == 18'h15555, "no read without CE");

    // The output register.
    read_b({10'd5, 4'd0});
    check(outreg_b != w18_b, "OUTREG: not at the edge of the read");
    oce_b = 0;
    edge_b();
    check(outreg_b != w18_b, "OUTREG: nothing moves without OCE");
    oce_b = 1;
    edge_b();
    check(outreg_b == {9'h1ff, 9'h111}, "OUTREG: at the next edge with OCE");

    // Reset: of the output, not of the memory.
    #1 rst_b = 1;
    #1;
    check(w18_b != 0, "SYNC: nothing before the clock");
    check(async_b == 0, "ASYNC: at once");
    edge_b();
    check(w18_b == 0 && outreg_b == 0, "SYNC: at the clock, without CE");
    rst_b = 0;
    read_b({10'd5, 4'd0});
    check(w18_b == {9'h1ff, 9'h111}, "reset leaves the memory");
    rst_a = 1;
    write_a({10'd5, 4'b0011}, 18'h00000);
    rst_a = 0;
    read_b({10'd5, 4'd0});
    check(w18_b == {9'h1ff, 9'h111}, "SYNC: no write in reset");
    check(async_b == 0, "ASYNC: writes go on in reset");

    // Both ports at once: reads of what the other writes are no good, all else is.
    write_a({10'd30, 4'b0011}, 18'h00f0f);
    {ce_a, we_a, ad_a, di_a} = {1'b1, 1'b1, 10'd30, 4'b0001, 18'h3ffff};
    {ce_b, we_b, ad_b} = {1'b1, 1'b0, 10'd30, 4'd0};
    edges();
    check(w18_b[8:0] != 9'h10f && w18_b[8:0] != 9'h1ff, "a read of what is being written is neither old nor new");
    check(w18_b[17:9] == 9'h007, "the byte that is not written is read well");
    {ad_b, we_a} = {10'd31, 4'd0, 1'b1};
    edges();
    check(w18_b == 18'h00000, "another word is read well");
    {ce_a, we_a} = '0;
    ad_b = {10'd30, 4'd0};
    edge_b();
    check(w18_b == {9'h007, 9'h1ff}, "and the write was done");
  end

endmodule
