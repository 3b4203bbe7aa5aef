// Puts the cursor where the error in a document is.
"use strict";

(() => {
  const wrong = document.getElementById("wrong");
  const source = document.getElementById("source");
  if (!wrong || !source) return;
  const lines = source.value.split("\n").slice(0, Number(wrong.dataset.line) - 1);
  const at = lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(wrong.dataset.column);
  source.focus();
  source.setSelectionRange(at, at);
  source.scrollTop = (lines.length / source.value.split("\n").length) * source.scrollHeight - source.clientHeight / 2;
})();
