// Executes the requests of the serial line: master of the register bus, source of injected frames, and
// what it reads goes back. docs/serial.md has the layouts.
//
// Contract:
// - Requests come from serial_queue, octet by octet, and are done in order: an octet stands for a clock behind
//   that in which it is taken, and the next one comes later. done_o for one clock at the
//   end of each; number_o is the number of the last one behind that.
// - While reply_o is 1 an answer is open, to request reply_number_o: its octets are taken when reply_valid_o and
//   reply_ready_i meet. reply_hello_o: the answer to a hello.
// - Bus and inject stream as linecard.sv has them. A frame whose last part never came is made longer than
//   any may be by the next hello, and the card drops it as such: nothing of it leaves.
// - What a request says beyond its end is not done; an unknown one does nothing.
module serial_execute #(
    parameter int DATA_WIDTH = 64,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    // from serial_queue
    input  logic                  valid_i,
    output logic                  ready_o,
    input  logic                  end_i,
    input  logic [7:0]            data_i,
    // to serial_report
    output logic                  done_o,
    output logic [7:0]            number_o,
    output logic                  reply_o,
    output logic [7:0]            reply_number_o,
    output logic                  reply_hello_o,
    output logic                  reply_valid_o,
    input  logic                  reply_ready_i,
    output logic [7:0]            reply_data_o,
    // register bus
    output logic                  cfg_valid_o,
    output logic                  cfg_write_o,
    output logic [23:0]           cfg_addr_o,
    output logic [31:0]           cfg_wdata_o,
    input  logic                  cfg_ready_i,
    input  logic [31:0]           cfg_rdata_i,
    // inject
    output logic                  inject_tvalid_o,
    input  logic                  inject_tready_i,
    output logic [DATA_WIDTH-1:0] inject_tdata_o,
    output logic [K-1:0]          inject_tkeep_o,
    output logic                  inject_tlast_o,
    output logic [linecard_regs_pkg::INJECT_BITS-1:0] inject_tuser_o,
    output logic                  idle_o
);
  // Longer than the count of beats that ends a frame without an end. At 64 bits 256 beats are 2 KiB.
  if (DATA_WIDTH < 64 || linecard_pkg::MAX_FRAME >= 256 * K) begin : g_width
    $error("serial_execute: a beat is a word at least, and 256 of them are longer than any frame");
  end

  typedef logic [3:0] state_t;
  localparam state_t KIND = 4'd0;
  localparam state_t NUMBER = 4'd1;
  localparam state_t ECHO = 4'd2;     // a hello's octets go back
  localparam state_t SEGMENT = 4'd3;  // its word comes
  localparam state_t SPLIT = 4'd4;
  localparam state_t WORD = 4'd5;     // a word to be written comes
  localparam state_t BUS = 4'd6;
  localparam state_t REPLY = 4'd7;    // a word that was read goes
  localparam state_t RECORD = 4'd8;
  localparam state_t FRAME = 4'd9;
  localparam state_t ALIGN = 4'd10;   // a last beat that is not full
  localparam state_t BEAT = 4'd11;
  localparam state_t PAD = 4'd12;
  localparam state_t SKIP = 4'd13;
  localparam state_t DONE = 4'd14;
  state_t state_q, state;

  logic [3:0] kind_q;
  logic [7:0] number_q;
  logic [1:0] octet_q;              // of a word or record
  logic [DATA_WIDTH-1:0] beat_q;    // octets come in on top; a word is the top of it
  logic [K-1:0] keep_q;             // which octets of beat_q are the frame's
  logic [31:0] word;
  logic [23:2] addr_q;
  logic [7:0] count_q;              // words to come behind this one; beats of PAD
  logic write_q, started_q, last_q;
  logic [linecard_regs_pkg::INJECT_BITS-1:0] record_q;
  logic ends, comes, shifts, step, opens;
  logic shift_q, zero_q;            // beat_q moves one clock behind what decides it
  logic took_q;                     // the beat was taken in the clock before
  assign word = beat_q[DATA_WIDTH-1-:32];
  assign ends = valid_i && end_i;
  assign comes = valid_i && !end_i;

  always_comb begin
    state = state_q;
    ready_o = 1'b0;
    shifts = 1'b0;
    step = 1'b0;
    opens = 1'b0;
    unique case (state_q)
      KIND: begin
        ready_o = 1'b1;
        if (comes) state = NUMBER;
      end
      NUMBER: begin
        ready_o = 1'b1;
        if (ends) state = KIND;
        else if (comes) begin
          unique case (kind_q[1:0])
            serial_pkg::REQUEST_HELLO: state = started_q ? PAD : ECHO;
            serial_pkg::REQUEST_ACCESS: state = SEGMENT;
            serial_pkg::REQUEST_INJECT: state = kind_q[serial_pkg::LSB_REQUEST_FIRST] ? RECORD : FRAME;
            default: state = SKIP;
          endcase
        end
      end
      ECHO: begin
        opens = 1'b1;
        ready_o = end_i || (reply_o && reply_ready_i);
        if (ends) state = DONE;
      end
      SEGMENT, WORD, RECORD: begin
        ready_o = 1'b1;
        shifts = comes;
        if (ends) state = DONE;
        else if (comes && octet_q == 2'd3) state = (state_q == SEGMENT) ? SPLIT : BUS;
        else if (comes && octet_q == 2'd1 && state_q == RECORD) state = FRAME;
      end
      SPLIT: if (!shift_q) state = word[serial_pkg::LSB_SEGMENT_WRITE] ? WORD : BUS;
      BUS: begin
        step = cfg_ready_i && write_q;
        if (cfg_ready_i && !write_q) state = REPLY;
      end
      REPLY: begin
        opens = 1'b1;
        shifts = reply_o && !shift_q && reply_ready_i;
        step = shift_q && octet_q == '0;  // behind the word's last octet
      end
      // A beat goes when it is full and another octet comes: the frame's last one goes with its end.
      FRAME: begin
        ready_o = end_i || !keep_q[0];
        shifts = comes && !keep_q[0];
        if (ends) state = kind_q[serial_pkg::LSB_REQUEST_LAST] ? ALIGN : DONE;
        else if (comes && keep_q[0]) state = BEAT;
      end
      ALIGN: begin
        shifts = !keep_q[0];
        if (keep_q == '0) state = DONE;
        else if (keep_q[0]) state = BEAT;
      end
      BEAT: if (took_q) state = last_q ? DONE : FRAME;
      PAD: if (took_q && count_q == '1) state = ECHO;
      SKIP: begin
        ready_o = 1'b1;
        if (ends) state = DONE;
      end
      default: state = KIND;
    endcase
    if (step) begin
      if (count_q == '0) state = SEGMENT;
      else state = write_q ? WORD : BUS;
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= KIND;
      started_q <= 1'b0;
      keep_q <= '0;
      reply_o <= 1'b0;
      number_o <= '0;
      shift_q <= 1'b0;
      took_q <= 1'b0;
    end else begin
      shift_q <= shifts;
      took_q <= inject_tvalid_o && inject_tready_i;
      state_q <= state;
      if (opens) reply_o <= 1'b1;
      if (state_q == DONE) reply_o <= 1'b0;
      if (state_q == DONE) number_o <= number_q;
      if (state_q == BEAT && took_q) started_q <= !last_q;
      if (state_q == ECHO) started_q <= 1'b0;
      if ((state_q == BEAT && took_q) || state_q == ECHO || state_q == RECORD) keep_q <= '0;
      else if (shifts && (state_q == FRAME || state_q == ALIGN)) keep_q <= {state_q == FRAME, keep_q[K-1:1]};
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q == KIND) kind_q <= data_i[3:0];
    if (state_q == NUMBER && valid_i) number_q <= data_i;
    if (state_q == NUMBER || state_q == SPLIT) octet_q <= '0;
    else if (shifts) octet_q <= octet_q + 2'd1;
    if (state_q == SPLIT) write_q <= word[serial_pkg::LSB_SEGMENT_WRITE];
    if (state_q == SPLIT) addr_q <= word[23:2];
    else if (step) addr_q <= addr_q + 1'b1;
    if (state_q == NUMBER) count_q <= '0;
    else if (state_q == SPLIT) count_q <= word[serial_pkg::LSB_SEGMENT_COUNT+:serial_pkg::BITS_SEGMENT_COUNT];
    else if (step) count_q <= count_q - 8'd1;
    else if (state_q == PAD && took_q) count_q <= count_q + 8'd1;
    last_q <= (state_q == BEAT) ? last_q : state_q == ALIGN;
    if (state_q == FRAME && !started_q && kind_q[serial_pkg::LSB_REQUEST_FIRST] && keep_q == '0)
      record_q <= beat_q[DATA_WIDTH-16+:linecard_regs_pkg::INJECT_BITS];
  end
  always_ff @(posedge clk_i) begin
    zero_q <= state_q == ALIGN || state_q == REPLY;
    if (state_q == BUS && !write_q) beat_q[DATA_WIDTH-1-:32] <= cfg_rdata_i;
    else if (shift_q) beat_q <= {zero_q ? 8'd0 : data_i, beat_q[DATA_WIDTH-1:8]};
  end

  assign done_o = state_q == DONE;
  assign reply_number_o = number_q;
  assign reply_hello_o = kind_q[1:0] == serial_pkg::REQUEST_HELLO;
  assign reply_valid_o = reply_o && ((state_q == REPLY && !shift_q) || (state_q == ECHO && comes));
  assign reply_data_o = (state_q == ECHO) ? data_i : word[7:0];
  assign cfg_valid_o = state_q == BUS && !shift_q;
  assign cfg_write_o = write_q;
  assign cfg_addr_o = {addr_q, 2'b00};
  assign cfg_wdata_o = word;
  assign inject_tvalid_o = ((state_q == BEAT && !shift_q) || state_q == PAD) && !took_q;
  assign inject_tdata_o = beat_q;
  assign inject_tkeep_o = keep_q | {K{state_q == PAD}};
  assign inject_tlast_o = (state_q == PAD) ? count_q == '1 : last_q;
  assign inject_tuser_o = record_q;
  assign idle_o = state_q == KIND && !started_q;

endmodule
