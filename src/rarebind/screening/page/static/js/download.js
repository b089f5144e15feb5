// Files that the browser makes by itself.

function saveFile(name, text, type) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = make('a', { href: address, download: name });
  link.click();
  // The download reads the address after the click.
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Rows as CSV (RFC 4180), with the columns of ranking.csv. */
function csvText(chosen) {
  const lines = [[...report.columns, 'unit'].join(',')];
  for (const row of chosen) {
    lines.push([...report.columns.map((name) => csvCell(row[name], name)), csvCell(report.unit)].join(','));
  }
  return `${lines.join('\r\n')}\r\n`;
}

// Whole numbers of the report; all others are energies and probabilities.
const INTEGERS = new Set(['rank', 'charge', 'coordination_number', 'donors', 'bound_donors', 'waters', 'aqua_waters']);

function csvCell(value, name) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return INTEGERS.has(name) ? String(value) : value.toFixed(3);
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  // No formula in a spreadsheet; an apostrophe more in ranking.csv as well.
  const text = /^(?:['\s]*[=+\-@＝＋－＠]|'*[\t\r\n])/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A name that every file system takes. */
function fileName(...parts) {
  return parts.join('-').replaceAll(/[^\w.+-]+/g, '_');
}
