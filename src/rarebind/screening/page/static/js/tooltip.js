// One small window for what the pointer or the keyboard is on.

const tooltip = byId('tooltip');

/** Show lines of text near a point of the window. */
function showTooltip(lines, x, y) {
  tooltip.replaceChildren(...lines.filter(Boolean).map((line, index) => (
    make(index ? 'div' : 'strong', {}, line))));
  tooltip.hidden = false;
  const { width, height } = tooltip.getBoundingClientRect();
  const left = Math.max(8, Math.min(x + 14, document.documentElement.clientWidth - width - 8));
  const top = y + 18 + height > document.documentElement.clientHeight ? y - height - 12 : y + 18;
  tooltip.style.left = `${left}px`;
  tooltip.style.top = `${Math.max(8, top)}px`;
}

function hideTooltip() {
  tooltip.hidden = true;
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') hideTooltip();
});
document.addEventListener('scroll', hideTooltip, { capture: true, passive: true });

/** What a tooltip says of a row. */
function rowLines(row, quantity = 'exchange') {
  return [
    `${row.ligand} · ${row.metal}`,
    report.geometries.length > 1 ? `geometry ${row.geometry}` : '',
    QUANTITIES.find(([name]) => name === quantity)?.[1],
    known(row[quantity])
      ? `${withInterval(row[quantity], halfWidthOf(row, quantity))} ${report.unit}`
      : row.reason || row.status || 'no value',
    row.flagged ? FLAG_TEXT : '',
    ...marksOf(row).map(([, text]) => text),
  ];
}
