// For yosys's techmap: a cover statement becomes an assertion that it is never reached, for a model
// checker that then has to refute it.
(* techmap_celltype = "$cover" *)
module cover_as_assert (
    input A,
    input EN
);
  \$assert reached (.A(!A), .EN(EN));
endmodule
