// All counters of the card. Every event of a frame's end counts in all banks at the same clock, and
// a snapshot freezes all of them at the same clock, so that their sums agree.
module counters #(
    parameter int PORTS = 2,
    parameter int SLOTS = 8,
    parameter int VIDS = 4096,
    parameter int RULES = 16,
    parameter int VID_COUNTER_BITS = 32
) (
    input  logic           clk_i,
    input  logic           rst_ni,
    // a frame enters the pipeline
    input  logic           receive_i,
    input  logic [1:0]     receive_origin_i,
    input  logic [PORTS:0] lost_i,
    // a frame ends
    input  logic           event_valid_i,
    input  linecard_regs_pkg::decision_t event_i,
    input  logic           sender_valid_i,
    input  logic [5:0]     sender_i,
    // host
    input  logic           snapshot_i,
    output logic           busy_o,        // of snapshot, or of clearing after reset
    output logic           vids_busy_o,   // of clearing after reset
    output logic [15:0]    in_flight_o,
    output logic [15:0]    snapshot_in_flight_o,
    input  logic [23:0]    address_i,
    output logic [31:0]    data_o,        // of the address_i of two clocks before
    output logic [31:0]    vid_data_o     // the same for vid_packets
);
  // ---- frames in and in flight
  localparam int ORIGINS = linecard_regs_pkg::ORIGINS;
  logic [ORIGINS*64-1:0] received_q, received_d, received_snap_q;
  logic [(PORTS+1)*64-1:0] lost_q, lost_d, lost_snap_q;
  logic [15:0] in_flight_q, in_flight_d;
  always_comb begin
    received_d = received_q;
    for (int i = 0; i < ORIGINS; i++) begin
      if (receive_i && receive_origin_i == 2'(i)) received_d[i*64+:64] = received_q[i*64+:64] + 64'd1;
    end
    lost_d = lost_q;
    for (int p = 0; p <= PORTS; p++) begin
      if (lost_i[p]) lost_d[p*64+:64] = lost_q[p*64+:64] + 64'd1;
    end
    in_flight_d = in_flight_q + 16'(receive_i) - 16'(event_valid_i);
  end
  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      received_q <= '0;
      received_snap_q <= '0;
      lost_q <= '0;
      lost_snap_q <= '0;
      in_flight_q <= '0;
      snapshot_in_flight_o <= '0;
    end else begin
      received_q <= received_d;
      lost_q <= lost_d;
      in_flight_q <= in_flight_d;
      if (snapshot_i) begin
        received_snap_q <= received_d;
        lost_snap_q <= lost_d;
        snapshot_in_flight_o <= in_flight_d;
      end
    end
  end
  assign in_flight_o = in_flight_q;

  // ---- what an event counts in (docs/card.md, "Counting")
  logic to_slot, punted, left;
  always_comb begin
    to_slot = linecard_regs_pkg::ends_in_steer(event_i.reason) ||
        event_i.reason == linecard_regs_pkg::REASON_INJECT_SLOT ||
        event_i.reason == linecard_regs_pkg::REASON_SLOT_TO_SLOT;
    punted = linecard_regs_pkg::ends_in_punt(event_i.reason);
    left = !linecard_regs_pkg::ends_in_drop(event_i.reason);
  end

  localparam int SLOT_INDEX_BITS = $clog2(SLOTS);
  localparam int PORT_INDEX_BITS = $clog2(PORTS + 1);
  localparam int RULE_INDEX_BITS = $clog2(RULES * 2);
  localparam int VID_INDEX_BITS = $clog2(VIDS);

  // One entry of a bank is four words: see `bytes` in hdl/registers.yaml.
  logic [23:0] address_q;
  always_ff @(posedge clk_i) address_q <= address_i;

  logic [5:0] busy;
  logic [127:0] ends, slot_sent, slot_received, rule_hits, port_received, port_sent;

  counter_bank #(
      .ENTRIES(256)
  ) ends_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i),
      .event_index_i({event_i.origin, event_i.reason}),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[0]),
      .read_index_i(address_i[4+:8]),
      .read_data_o(ends)
  );

  counter_bank #(
      .ENTRIES(SLOTS)
  ) slot_sent_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i && to_slot),
      .event_index_i(event_i.slot[SLOT_INDEX_BITS-1:0]),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[1]),
      .read_index_i(address_i[4+:SLOT_INDEX_BITS]),
      .read_data_o(slot_sent)
  );

  counter_bank #(
      .ENTRIES(SLOTS)
  ) slot_received_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i && sender_valid_i),
      .event_index_i(sender_i[SLOT_INDEX_BITS-1:0]),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[2]),
      .read_index_i(address_i[4+:SLOT_INDEX_BITS]),
      .read_data_o(slot_received)
  );

  counter_bank #(
      .ENTRIES(RULES * 2)
  ) rule_hits_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i && event_i.rule_hit),
      .event_index_i({event_i.rule[RULE_INDEX_BITS-2:0], punted}),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[3]),
      .read_index_i(address_i[4+:RULE_INDEX_BITS]),
      .read_data_o(rule_hits)
  );

  counter_bank #(
      .ENTRIES(PORTS + 1)
  ) port_received_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i),
      .event_index_i(event_i.ingress[PORT_INDEX_BITS-1:0]),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[4]),
      .read_index_i(address_i[4+:PORT_INDEX_BITS]),
      .read_data_o(port_received)
  );

  counter_bank #(
      .ENTRIES(PORTS + 1)
  ) port_sent_bank (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i && left),
      .event_index_i(event_i.egress[PORT_INDEX_BITS-1:0]),
      .event_bytes_i(event_i.length),
      .snapshot_i(snapshot_i),
      .busy_o(busy[5]),
      .read_index_i(address_i[4+:PORT_INDEX_BITS]),
      .read_data_o(port_sent)
  );

  assign busy_o = busy != '0;

  // ---- by VID
  logic [63:0] vid_packets;
  vid_counters #(
      .VIDS(VIDS),
      .BITS(VID_COUNTER_BITS)
  ) vids (
      .clk_i(clk_i),
      .rst_ni(rst_ni),
      .event_valid_i(event_valid_i && linecard_regs_pkg::ends_in_steer(event_i.reason)),
      .event_index_i(event_i.vid[VID_INDEX_BITS-1:0]),
      .busy_o(vids_busy_o),
      .read_index_i(address_i[3+:VID_INDEX_BITS]),
      .read_data_o(vid_packets)
  );

  // ---- read
  localparam int PAGE = 12;  // bits of an address below its page
  logic [63:0] in_out;       // received and lost share a page: 0x100 apart
  always_comb begin
    in_out = '0;
    for (int i = 0; i < ORIGINS; i++) begin
      if (address_q[PAGE-1:3] == 9'(i)) in_out = received_snap_q[i*64+:64];
    end
    for (int p = 0; p <= PORTS; p++) begin
      if (address_q[PAGE-1:3] == 9'h20 + 9'(p)) in_out = lost_snap_q[p*64+:64];
    end
  end

  // An entry that a bank does not have reads as 0, like every address that is not listed.
  logic [7:0] index;
  assign index = address_q[PAGE-1:4];
  logic [127:0] entry;
  always_comb begin
    case (address_q[23:PAGE])
      linecard_regs_pkg::ADDR_COUNT_ENDS[23:PAGE]: entry = ends;
      linecard_regs_pkg::ADDR_COUNT_SLOT_SENT[23:PAGE]: entry = (index < 8'(SLOTS)) ? slot_sent : '0;
      linecard_regs_pkg::ADDR_COUNT_SLOT_RECEIVED[23:PAGE]: entry = (index < 8'(SLOTS)) ? slot_received : '0;
      linecard_regs_pkg::ADDR_COUNT_RULE_HITS[23:PAGE]: entry = (index < 8'(RULES * 2)) ? rule_hits : '0;
      linecard_regs_pkg::ADDR_COUNT_PORT_RECEIVED[23:PAGE]: entry = (index < 8'(PORTS + 1)) ? port_received : '0;
      linecard_regs_pkg::ADDR_COUNT_PORT_SENT[23:PAGE]: entry = (index < 8'(PORTS + 1)) ? port_sent : '0;
      linecard_regs_pkg::ADDR_COUNT_RECEIVED[23:PAGE]: entry = {in_out, in_out};
      default: entry = '0;
    endcase
  end

  // The high word of a live counter is kept when the low one is read, so that the two belong together
  // whatever is read between them.
  localparam int BIG = 20;  // bits of an address below its megabyte
  logic [31:0] vid_high_q;
  logic at_vid, vid_exists;
  assign at_vid = address_q[23:BIG] == linecard_regs_pkg::ADDR_COUNT_VID_PACKETS[23:BIG];
  assign vid_exists = 18'(address_q[BIG-1:3]) < 18'(VIDS);
  always_ff @(posedge clk_i) begin
    data_o <= entry[address_q[3:2]*32+:32];
    vid_data_o <= !vid_exists ? '0 : address_q[2] ? vid_high_q : vid_packets[31:0];
    if (at_vid && !address_q[2]) vid_high_q <= vid_packets[63:32];
  end

endmodule
