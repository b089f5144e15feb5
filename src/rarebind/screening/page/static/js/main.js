// One part after the other; each shows itself only where the report has something for it.

for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => event.preventDefault());
}
for (const draw of [
  drawSummary, drawRanking, drawShortList, drawHeatmap, drawSeries, drawPareto, drawPairs,
  drawSpeciation, drawLigands, drawFailures, drawHow, drawContents,
]) draw();
