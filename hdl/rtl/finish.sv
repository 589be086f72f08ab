// Finish: the frame's health is known at its last beat (docs/card.md, step 1), and with it the
// frame's one end: its queue keeps it or it is dropped. Makes the decision record and the event that
// all counters count. Combinational towards the queues, registered towards the counters.
module finish #(
    parameter int PORTS = 2
) (
    input  logic                clk_i,
    input  logic                rst_ni,
    input  logic                enable_i,
    input  logic [47:0]         time_us_i,
    input  linecard_pkg::meta_t meta_i,
    input  logic                valid_i,
    input  logic                last_i,
    input  logic [2:0]          verdict_i,
    input  logic [15:0]         length_i,
    // to the queues, index PORTS is the host's
    output logic [PORTS:0]      select_o,  // the frame goes there, if anywhere
    output logic                keep_o,    // with the last beat: it stays
    input  logic [PORTS:0]      accept_i,  // with the last beat: there was room for all of it
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] record_o,  // for the host's queue
    // one pulse a frame
    output logic                event_valid_o,
    output logic [linecard_regs_pkg::DECISION_BITS-1:0] event_o,
    output logic                event_sender_valid_o,  // it came from a slot and went somewhere
    output logic [5:0]          event_sender_o
);
  logic goes;
  always_comb begin
    goes = !linecard_regs_pkg::ends_in_drop(meta_i.reason);
    select_o = '0;
    for (int p = 0; p <= PORTS; p++) select_o[p] = goes && meta_i.egress == 4'(p);
  end

  // The beat that marks a gap is none of the frame's.
  logic [15:0] length;
  assign length = length_i - 16'(verdict_i == linecard_pkg::RX_UNDERRUN);

  logic ill;
  linecard_regs_pkg::reason_t illness;
  always_comb begin
    ill = 1'b1;
    illness = linecard_regs_pkg::REASON_RX_OVERSIZE;
    if (verdict_i == linecard_pkg::RX_OVERSIZE || length > 16'(linecard_pkg::MAX_FRAME)) begin
      illness = linecard_regs_pkg::REASON_RX_OVERSIZE;
    end else if (verdict_i == linecard_pkg::RX_ERROR) begin
      illness = linecard_regs_pkg::REASON_RX_ERROR;
    end else if (verdict_i == linecard_pkg::RX_OVERFLOW) begin
      illness = linecard_regs_pkg::REASON_RX_OVERFLOW;
    end else if (verdict_i == linecard_pkg::RX_UNDERRUN) begin
      illness = linecard_regs_pkg::REASON_RX_UNDERRUN;
    end else if (!enable_i) begin
      illness = linecard_regs_pkg::REASON_DISABLED;
    end else if (length_i < 16'd14) begin
      illness = linecard_regs_pkg::REASON_RUNT;
    end else if (length_i < 16'(meta_i.header_min)) begin
      illness = linecard_regs_pkg::REASON_TRUNCATED;
    end else if (17'(length_i) < meta_i.packet_end) begin
      illness = linecard_regs_pkg::REASON_IP_LENGTH;
    end else begin
      ill = 1'b0;
    end
  end

  logic full;
  assign full = goes && (select_o & accept_i) == '0;
  assign keep_o = !ill && goes && !full;

  linecard_regs_pkg::decision_t record;
  always_comb begin
    record = '0;
    record.origin = meta_i.origin;
    record.ingress = meta_i.ingress;
    record.time_us = time_us_i;
    record.length = length;
    if (ill && illness == linecard_regs_pkg::REASON_RX_OVERSIZE) begin
      record.length = 16'(linecard_pkg::MAX_FRAME + 1);
    end
    record.reason = meta_i.reason;
    if (ill) begin
      record.reason = illness;
    end else begin
      if (full) record.reason = linecard_regs_pkg::REASON_QUEUE_FULL;
      else record.egress = meta_i.egress;
      record.rule_hit = meta_i.rule_hit;
      record.rule = meta_i.rule;
      record.key_valid = meta_i.key_valid;
      record.key = meta_i.key;
      record.vid_valid = meta_i.vid_valid;
      record.vid = meta_i.vid;
      record.row_active = meta_i.row_active;
      record.row_backup = meta_i.row_backup;
      record.row_in_sync = meta_i.row_in_sync;
      record.row_valid = meta_i.row_valid;
      record.slot_valid = meta_i.slot_valid;
      record.slot = meta_i.slot;
      record.epoch = meta_i.epoch;
    end
  end
  assign record_o = record;

  always_ff @(posedge clk_i) begin
    if (!rst_ni) event_valid_o <= 1'b0;
    else event_valid_o <= valid_i && last_i;
  end
  always_ff @(posedge clk_i) begin
    if (valid_i && last_i) begin
      event_o <= record;
      event_sender_valid_o <= meta_i.sender_valid && keep_o;
      event_sender_o <= meta_i.sender;
    end
  end

endmodule
