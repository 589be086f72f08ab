// What the card says on the serial line, a frame at a time: answers, frames for the host, and
// acknowledgements. docs/serial.md has the layouts.
//
// Contract:
// - Each report names the last request that is done; an answer names its own. Where one was done since the last report, or
//   a request came that was not kept, a report goes out by itself; so does one when attention_i rises.
// - An answer goes out before frames, but for one behind an answer: neither keeps the other off the line.
// - ready_i is 0 in the clock behind one that has taken something (serial_tx). valid_o comes from a flip-flop: what an
//   octet is stands a clock before it is offered.
// - Frames for the host have a number each, from 0 on behind a hello: the host counts what the line lost.
//   While none can go the card's host stream waits, and the card's queue behind it polices and counts.
module serial_report #(
    parameter int DATA_WIDTH = 64,
    localparam int K = DATA_WIDTH / 8
) (
    input  logic                  clk_i,
    input  logic                  rst_ni,
    input  logic                  attention_i,
    // from serial_queue
    input  logic                  refused_i,
    input  logic                  repeated_i,
    // from serial_execute
    input  logic                  done_i,
    input  logic [7:0]            number_i,
    input  logic                  reply_i,
    input  logic [7:0]            reply_number_i,
    input  logic                  reply_hello_i,
    input  logic                  reply_valid_i,
    output logic                  reply_ready_o,
    input  logic [7:0]            reply_data_i,
    // the card's frames for the host
    input  logic                  host_tvalid_i,
    output logic                  host_tready_o,
    input  logic [DATA_WIDTH-1:0] host_tdata_i,
    input  logic [K-1:0]          host_tkeep_i,
    input  logic                  host_tlast_i,
    input  logic [linecard_regs_pkg::DECISION_BITS-1:0] host_tuser_i,
    // to serial_tx
    output logic                  valid_o,
    input  logic                  ready_i,
    output logic                  end_o,
    output logic [7:0]            data_o,
    output logic                  idle_o
);
  typedef logic [2:0] state_t;
  localparam state_t BETWEEN = 3'd0;
  localparam state_t KIND = 3'd1;
  localparam state_t DONE = 3'd2;    // number of the last request
  localparam state_t REPLY = 3'd3;
  localparam state_t NUMBER = 3'd4;  // of the frame
  localparam state_t RECORD = 3'd5;
  localparam state_t FRAME = 3'd6;
  localparam state_t CLOSE = 3'd7;
  state_t state_q;
  logic [1:0] kind_q;
  logic [7:0] count_q;   // frames for the host since the last hello
  logic [7:0] done_q;    // as it was when this report began: what is offered stays
  logic answers;         // this report is an answer
  logic due_q, refused_q, attention_q;
  logic taken, reply_first;
  assign taken = valid_o && ready_i;

  // ---- octets of record and beat, by index: chosen in two steps, with time for each. The first is short, for a RAM's
  // output is slow; it is told that its beat is done a clock late.
  localparam int RECORD_OCTETS = (linecard_regs_pkg::DECISION_BITS + 7) / 8;
  localparam int RECORD_GROUPS = (RECORD_OCTETS + 7) / 8;
  localparam int BEAT_GROUPS = K / 8;
  localparam int GROUPS = RECORD_GROUPS + BEAT_GROUPS;  // of 8 octets
  localparam int GROUP_BITS = $clog2(GROUPS);
  localparam int INDEX_BITS = GROUP_BITS + 3;
  localparam logic [INDEX_BITS-1:0] LAST_OF_RECORD = INDEX_BITS'(RECORD_OCTETS - 1);
  localparam logic [INDEX_BITS-1:0] FIRST_OF_BEAT = INDEX_BITS'(RECORD_GROUPS * 8);
  logic [GROUPS*64-1:0] octets;
  logic [INDEX_BITS-1:0] index_q, position;
  logic [GROUPS*16-1:0] chosen, chosen_q;  // one of four octets each
  logic [7:0] octet, octet_q;
  logic [K-1:0] keep_q;
  logic [K:0] more;          // keep, and nothing behind it
  logic behind, last_of_beat_q;  // another octet of the beat
  logic last_beat_q;
  logic [1:0] settle_q;      // 3: octet_q is that of index_q
  assign octets = {host_tdata_i, (RECORD_GROUPS * 64)'(host_tuser_i)};
  for (genvar g = 0; g < 2 * GROUPS; g++) begin : g_group
    slice_at #(
        .IN_WIDTH(32),
        .STEP(8),
        .SELECT_BITS(2),
        .WIDTH(8)
    ) slice_at (
        .vector_i(octets[g*32+:32]),
        .select_i(index_q[1:0]),
        .slice_o(chosen[g*8+:8])
    );
  end
  slice_at #(
      .IN_WIDTH(GROUPS * 16),
      .STEP(8),
      .SELECT_BITS(GROUP_BITS + 1),
      .WIDTH(8)
  ) group_at (
      .vector_i(chosen_q),
      .select_i(index_q[INDEX_BITS-1:2]),
      .slice_o(octet)
  );
  assign more = {1'b0, keep_q};
  assign position = index_q - FIRST_OF_BEAT + 1'b1;
  slice_at #(
      .IN_WIDTH(K + 1),
      .STEP(1),
      .SELECT_BITS($clog2(K + 1)),
      .WIDTH(1)
  ) more_at (
      .vector_i(more),
      .select_i(position[$clog2(K+1)-1:0]),
      .slice_o(behind)
  );
  always_ff @(posedge clk_i) begin
    chosen_q <= chosen;
    octet_q <= octet;
    keep_q <= host_tkeep_i;
    last_beat_q <= host_tlast_i;
    last_of_beat_q <= !behind;
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni || taken || state_q == BETWEEN || !host_tvalid_i) settle_q <= '0;
    else if (settle_q != 2'd3) settle_q <= settle_q + 2'd1;
  end

  logic offers;
  always_comb begin
    offers = 1'b1;
    data_o = octet_q;
    unique case (state_q)
      KIND:
      data_o = {attention_q, refused_q, serial_pkg::VERSION, kind_q};
      DONE: data_o = done_q;
      REPLY: begin
        offers = reply_valid_i;
        data_o = reply_data_i;
      end
      NUMBER: data_o = count_q;
      RECORD, FRAME: offers = settle_q == 2'd3;
      CLOSE: ;
      default: offers = 1'b0;
    endcase
  end
  // In the clock between two reports kind_q is still the first one's; where nothing waits, no answer's.
  assign reply_first = reply_i && !(answers && host_tvalid_i);
  assign answers = kind_q == serial_pkg::REPORT_HELLO || kind_q == serial_pkg::REPORT_REPLY;
  assign end_o = state_q == CLOSE;
  always_ff @(posedge clk_i) valid_o <= rst_ni && offers && !taken;
  assign reply_ready_o = state_q == REPLY && taken;
  always_ff @(posedge clk_i) host_tready_o <= rst_ni && state_q == FRAME && taken && last_of_beat_q;
  assign idle_o = state_q == BETWEEN && !due_q && !refused_q && !reply_i && !host_tvalid_i && attention_q == attention_i;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q <= BETWEEN;
      count_q <= '0;
      due_q <= 1'b0;
      refused_q <= 1'b0;
      attention_q <= 1'b0;
    end else begin
      unique case (state_q)
        BETWEEN: if (reply_i || host_tvalid_i || due_q || refused_q) state_q <= KIND;
        KIND: if (taken) state_q <= DONE;
        DONE:
        if (taken) begin
          if (kind_q == serial_pkg::REPORT_FRAME) state_q <= NUMBER;
          else state_q <= (kind_q == serial_pkg::REPORT_ACK) ? CLOSE : REPLY;
        end
        REPLY: if (!reply_i) state_q <= CLOSE;
        NUMBER: if (taken) state_q <= RECORD;
        RECORD: if (taken && index_q == LAST_OF_RECORD) state_q <= FRAME;
        FRAME: if (taken && last_of_beat_q && last_beat_q) state_q <= CLOSE;
        default: if (taken) state_q <= BETWEEN;
      endcase
      if (state_q == CLOSE && kind_q == serial_pkg::REPORT_HELLO) count_q <= '0;
      else if (state_q == CLOSE && taken && kind_q == serial_pkg::REPORT_FRAME) count_q <= count_q + 8'd1;
      if (state_q == KIND && taken) begin
        refused_q <= 1'b0;
        due_q <= 1'b0;
      end
      // The answer told its number itself.
      if (repeated_i || (done_i && !reply_i) || (attention_i && !attention_q)) due_q <= 1'b1;
      if (refused_i) refused_q <= 1'b1;
      // What is offered stays.
      if (state_q != KIND) attention_q <= attention_i;
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q != DONE) done_q <= answers ? reply_number_i : number_i;
    if (state_q == BETWEEN) begin
      if (reply_first) kind_q <= reply_hello_i ? serial_pkg::REPORT_HELLO : serial_pkg::REPORT_REPLY;
      else kind_q <= host_tvalid_i ? serial_pkg::REPORT_FRAME : serial_pkg::REPORT_ACK;
    end
    if (state_q == NUMBER) index_q <= '0;
    else if (taken && state_q == RECORD) index_q <= (index_q == LAST_OF_RECORD) ? FIRST_OF_BEAT : index_q + 1'b1;
    else if (taken && state_q == FRAME) index_q <= last_of_beat_q ? FIRST_OF_BEAT : index_q + 1'b1;
  end

endmodule
